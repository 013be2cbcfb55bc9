# sandboxd in a container: for trying it out, since it needs nearly all that a container takes away.
#
#   docker build -t sandboxd .
#   docker run -d --name sandboxd --privileged --pid=host --cgroupns=host \
#     -v /sys/fs/cgroup:/sys/fs/cgroup -v /run/sandboxd:/run/sandboxd -v /var/lib/sandboxd:/var/lib/sandboxd sandboxd
#   curl --unix-socket /run/sandboxd/sandboxd.sock http://localhost/v1/info
#
# Paths in a spec (root, mounts) are those of the container. Written by what the parts need; not yet built or run.
FROM debian:12 AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
    openjdk-17-jdk-headless maven gcc musl-tools make libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY pom.xml ./
COPY src src
RUN mvn -q -B -ntp -DskipTests package

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jre-headless curl && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/target/quarkus-app /opt/sandboxd
COPY deploy/sandboxctl /usr/local/bin/
VOLUME ["/run/sandboxd", "/var/lib/sandboxd"]
ENTRYPOINT ["java", "-jar", "/opt/sandboxd/quarkus-run.jar"]
