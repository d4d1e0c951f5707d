# One image for the three processes; compose.yaml gives the command.
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements.txt /build/
RUN /venv/bin/pip install --require-hashes --requirement /build/requirements.txt
COPY pyproject.toml README.md /build/
COPY dashnet /build/dashnet
COPY services /build/services
COPY workers /build/workers
RUN /venv/bin/pip install --no-deps --no-build-isolation /build

FROM python:3.12-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin dashnet
COPY --from=build /venv /venv
WORKDIR /app
USER 10001
EXPOSE 5000 5001
CMD ["dashnet", "--help"]
