#!/usr/bin/env bats
# docker build, by Docker's own builder, where "hardened" is the default runtime: its steps get the profile "build".

load helpers

setup_file() {
  suite_up '{"default-runtime": "hardened"}'
  export DOCKER_BUILDKIT=0
}
teardown_file() { suite_down; }

setup() { CONTEXT=$(mktemp -d "$HARDENED_DAEMON/context.XXXXXX"); }
teardown() {
  remove_containers
  policy_reset
}

# build TAG: with the Dockerfile on standard input.
build() {
  cat >"$CONTEXT/Dockerfile"
  docker build --quiet --no-cache --tag "$1" "$CONTEXT"
}

# in_image TAG COMMAND...: as stock Docker shows the image.
in_image() {
  local tag=$1
  shift
  docker run --rm --runtime=runc "$tag" "$@"
}

@test "what a step writes stays in the image, with owners, set-id bits and modes as it set them" {
  build hardened-test/built:1 <<'END'
FROM hardened-test/box:1
RUN mkdir -p /opt/app && echo one >/opt/app/file && chown -R 1000:1000 /opt/app && rm /bin/vi
RUN cp /bin/busybox /bin/as-root && chmod 4755 /bin/as-root
# The bit goes without a word from a file of a foreign group where CAP_FSETID is missing.
RUN cp /bin/busybox /bin/as-shadow && chown 0:42 /bin/as-shadow && chmod 2755 /bin/as-shadow
RUN cd /tmp && cp /bin/busybox . && ./busybox true && echo kept >/tmp/kept
USER 1000
RUN echo "$(id -u)" >/home/user/who
END
  run in_image hardened-test/built:1 stat -c '%n %u %g %a' /opt/app/file /bin/as-root /bin/as-shadow /home/user/who
  equals "$output" $'/opt/app/file 1000 1000 644\n/bin/as-root 0 0 4755\n/bin/as-shadow 0 42 2755\n/home/user/who 1000 1000 644'
  equals "$(in_image hardened-test/built:1 cat /opt/app/file /tmp/kept /home/user/who | tr '\n' ' ')" "one kept 1000 "
  run in_image hardened-test/built:1 ls /bin/vi
  contains "No such file"
  run docker run --rm hardened-test/built:1 sh -c 'cat /opt/app/file; touch /opt/app/more'
  contains one
  contains "Read-only file system"
}

@test "a step is confined: users of its own, no new privileges, a filter, limits, no raw sockets, no devices" {
  run docker build --no-cache - <<'END'
FROM hardened-test/box:1
RUN cat /proc/self/uid_map && grep -E '^(CapBnd|NoNewPrivs|Seccomp):' /proc/self/status
RUN mknod /null c 1 3 || echo no device
RUN mount -t tmpfs none /mnt || echo no mount
END
  matches ' 0 +[1-9][0-9]{4,} +65536'
  # CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID NET_BIND_SERVICE SYS_CHROOT SETFCAP
  matches $'CapBnd:\t00000000800404fb'
  matches $'NoNewPrivs:\t1'
  matches $'Seccomp:\t2'
  contains "no device"
  contains "no mount"
}

@test "labels of the Dockerfile select no profile for its steps, and a container by hand is no step" {
  policy '{"select": [{"label": "org.hardened.profile", "allow": ["strict"]}]}'
  build hardened-test/built:2 <<'END'
FROM hardened-test/box:1
LABEL org.hardened.profile=strict
RUN echo built >/file
END
  equals "$(in_image hardened-test/built:2 cat /file)" built
  run docker run --rm --log-driver none hardened-test/box:1 touch /written
  contains "Read-only file system"
  run docker run --rm --no-healthcheck hardened-test/box:1 touch /written
  contains "Read-only file system"
}

@test "\"build_profile\" confines steps further" {
  policy '{"build_profile": "strict"}'
  run docker build --no-cache - <<'END'
FROM hardened-test/box:1
RUN echo built >/file
END
  [ "$status" -ne 0 ]
  contains "Read-only file system"
}

@test "a build's own limits are held to the profile's" {
  run docker build --no-cache --memory 900g - <<'END'
FROM hardened-test/box:1
RUN true
END
  [ "$status" -ne 0 ]
  contains "hardened: refused by memory"
}
