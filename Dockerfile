# sandboxd in a container: for trying it out, since it needs nearly all that a container takes away.
#
#   docker build -t sandboxd .
#   docker run -d --name sandboxd --privileged --pid=host --cgroupns=host \
#     -v /sys/fs/cgroup:/sys/fs/cgroup -v /run/sandboxd:/run/sandboxd -v /var/lib/sandboxd:/var/lib/sandboxd sandboxd
#   curl --unix-socket /run/sandboxd/sandboxd.sock http://localhost/v1/info
#
# Paths in a spec (root, mounts) are those of the container. Sandboxes outlive the container, as they do any daemon, and
# the next one finds them by the two volumes: remove them first if none is to come. Not tried with an engine yet; the
# steps are those of deploy/package, which leave out the archive of classes where a build may make no cgroups: the daemon
# starts more slowly then.
FROM debian:12 AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
    openjdk-17-jdk-headless maven gcc musl-tools make libc6-dev libseccomp2 libnftables1 curl && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN mvn -q -B -ntp -DskipTests package && DESTDIR=/tree PREFIX=/usr deploy/install --runtime

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl libseccomp2 libnftables1 libstdc++6 zlib1g && rm -rf /var/lib/apt/lists/*
COPY --from=build /tree/etc /etc
COPY --from=build /tree/usr /usr
VOLUME ["/run/sandboxd", "/var/lib/sandboxd"]
ENTRYPOINT ["/usr/sbin/sandboxd"]
