# A model on cards, for `engine: gpu`: SGLang, as a user who is not root. Weights are not inside: they lie on a volume at
# /var/lib/cria/home, where the server gets them when it starts first. What runs is the command, which the site's plan writes.
#
# There is no base by default: take a release of SGLang after March 2026, which runs Llama 3.2 Vision, by its digest.
#
#     docker buildx imagetools inspect lmsysorg/sglang:<release> --format '{{.Manifest.Digest}}'
#     docker build --file lambda/gpu.Dockerfile --build-arg SGLANG_IMAGE=lmsysorg/sglang@sha256:… --tag cria-gpu .
ARG SGLANG_IMAGE
FROM ${SGLANG_IMAGE}
# The owner of volumes that are mounted here for the first time.
RUN mkdir -p /var/lib/cria/home && chown -R 1000:1000 /var/lib/cria
WORKDIR /tmp
USER 1000:1000
# Compiled kernels and whatever else it caches go to /tmp: all else may be read-only.
ENV HOME=/tmp HF_HOME=/var/lib/cria/home XDG_CACHE_HOME=/tmp/cache TRITON_CACHE_DIR=/tmp/triton PORT=8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=15m \
    CMD ["python3", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/health\", timeout=3)"]
CMD ["python3", "-m", "sglang.launch_server", "--help"]
