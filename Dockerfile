# The command line in an image of Debian's and PyPI's packages.
#
#     docker build --tag cx-billing .
#     docker volume create cx-billing
#     docker run --rm --volume cx-billing:/data cx-billing land sample/inbox
#     docker run --rm --volume cx-billing:/data cx-billing build --as-of 2026-05-05
#     docker run --rm --volume cx-billing:/data cx-billing show invoices
#
# A folder of the host in place of the volume must exist and be writable to who runs it:
# `mkdir -p warehouse` and `--volume "$PWD/warehouse:/data" --user "$(id -u):$(id -g)"`.
#
# No image has been built from it by the project's checks, which have no container engine:
# tests/python/test_dockerfile.py runs its steps as a script, all but those of apt.
FROM debian:bookworm-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements-image.lock ./
RUN python3 -m venv venv
RUN venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements-image.lock

COPY pyproject.toml README.md LICENSE dbt_project.yml selectors.yml ./
COPY src src/
COPY profiles.yml ./
COPY profiles profiles/
COPY models models/
COPY seeds seeds/
COPY macros macros/
COPY analyses analyses/
COPY docs/rules docs/rules/
COPY tests/dbt tests/dbt/
RUN venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .
ENV CX_BILLING_CACHE=/app/cache
# Only its owner may read what was parsed; a container has another user.
RUN venv/bin/python -m cx_billing.plan_ahead && chmod -R a+rX cache
COPY sample sample/

# Lake, builds and the published file; a folder of the host in real life.
RUN mkdir --mode 1777 /data
ENV CX_BILLING_HOME=/data
VOLUME /data
USER 65534:65534
ENTRYPOINT ["/app/venv/bin/cx-billing"]
CMD ["--help"]
