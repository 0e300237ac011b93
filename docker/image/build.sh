#!/bin/sh
# Builds the image of the commit that is checked out: build.sh [TAG [OPTION OF THE ENGINE…]], default tag "postern".
# CONTAINER_ENGINE names another engine than docker; with podman, `--format docker` keeps the HEALTHCHECK.
set -eu
cd "$(dirname "$0")/../.."
tag=${1:-postern}
if [ $# -gt 0 ]; then shift; fi

version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
revision=$(git rev-parse HEAD)
# What is not committed is not that commit.
if [ -n "$(git status --porcelain)" ]; then revision=$revision-modified; fi

# Word by word: the engine may come with options of its own.
# shellcheck disable=SC2086
exec ${CONTAINER_ENGINE:-docker} build --tag "$tag" \
  --build-arg "VERSION=$version" \
  --build-arg "REVISION=$revision" \
  --build-arg "SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)" \
  "$@" .
