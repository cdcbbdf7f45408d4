# One image, two commands: `api` and `worker` (and `migrate`, `token`). It holds no servers: those are reached by URL.
FROM python:3.11-slim-trixie AS build
COPY requirements/app.lock /build/app.lock
RUN python -m venv /opt/modelyard \
 && /opt/modelyard/bin/pip install --no-cache-dir --disable-pip-version-check --only-binary=:all: \
        --require-hashes --no-deps -r /build/app.lock

# Node.js comes in a wheel of its lock; neither it nor the packages of the pages are in the image, only what is built.
FROM python:3.11-slim-trixie AS pages
COPY requirements/web.lock /build/requirements/web.lock
RUN python -m pip install --no-cache-dir --disable-pip-version-check --only-binary=:all: \
        --require-hashes --no-deps -r /build/requirements/web.lock
WORKDIR /build
COPY app/__init__.py ./app/__init__.py
COPY app/web ./app/web
COPY web ./web
RUN python -m app.web.build

FROM python:3.11-slim-trixie
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin modelyard
COPY --from=build /opt/modelyard /opt/modelyard
WORKDIR /srv/modelyard
COPY pyproject.toml LICENSE ./
COPY migrations ./migrations
COPY app ./app
COPY --from=pages /build/app/web/built ./app/web/built
COPY clients/python/modelyard_client ./modelyard_client
COPY workers ./workers
ENV PATH=/opt/modelyard/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MODELYARD_HOST=0.0.0.0
RUN python -m compileall -q app modelyard_client workers migrations
USER 10001
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "app.cli"]
CMD ["api"]
