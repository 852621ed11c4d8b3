# Real servers from Debian's packages, with entrypoints as the official images have them. Sourced.
# shellcheck shell=bash

SERVICES=(nginx redis memcached postgres mariadb apache2 haproxy python node)

# The archives as this machine's apt knows them, without what a vendor added.
debian_sources() {
  local keys=/usr/share/keyrings/debian-archive-keyring.gpg
  apt-get indextargets --format "deb [signed-by=$keys] \$(REPO_URI) \$(RELEASE) main" \
    'Created-By: Packages' 'Origin: Debian' | sort -u
}

# services_rootfs TAR: all of them in one image, because most of the time goes into what they share. The servers' own
# packages, not those that set up a first database: that is the entrypoint's work, at the first start.
services_rootfs() {
  local tar=$1
  local packages=nginx,apache2,redis-server,postgresql,mariadb-server-core,mariadb-client-core,memcached,haproxy
  packages+=,python3,nodejs,gosu,curl
  # The compiler for queries is left out: half of the image, and not used by what is tested.
  # shellcheck disable=SC2016 # $1 is the hook's
  debian_sources | mmdebstrap --quiet --format=tar --variant=minbase --skip=check/qemu --include="$packages" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=*/lib/bitcode/*' \
    --dpkgopt='path-exclude=*/libLLVM*' --dpkgopt='path-exclude=*/llvmjit*' \
    --essential-hook='mkdir -p "$1/etc/postgresql-common" &&
      echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"' \
    --skip=cleanup/run --customize-hook='chroot "$1" sh -e -c "
      useradd --system --user-group --home-dir /nonexistent --shell /usr/sbin/nologin mysql
      ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/
      install -d -o mysql -g mysql -m 1777 /run/mysqld
      install -d -o www-data -g www-data /var/lib/kept
      for log in nginx/access apache2/access apache2/other_vhosts_access; do ln -sf /dev/stdout /var/log/\$log.log; done
      for log in nginx/error apache2/error; do ln -sf /dev/stderr /var/log/\$log.log; done"' \
    "" "$tar" -
}

# services_archive: the path of that archive, made once for all runs of this checkout. Suites run at once: who comes while
# it is being made waits, and does not write into it.
services_archive() {
  local directory=$HARDENED_BUILD/images tar
  tar=$directory/services.tar
  mkdir -p "$directory"
  (
    flock 9
    [ "$tar" -nt "${BASH_SOURCE[0]}" ] ||
      { services_rootfs "$tar.new" >&2 9>&- && mv "$tar.new" "$tar"; } || die "cannot make an image of Debian's packages"
  ) 9>"$directory/lock" || exit
  printf '%s\n' "$tar"
}

# make_services [NAME...]: hardened-test/NAME:1 for each, or for all of SERVICES.
make_services() {
  local tar service
  tar=$(services_archive) || exit
  docker import "$tar" hardened-test/services:1 >/dev/null || die "cannot import $tar"
  [ $# -gt 0 ] || set -- "${SERVICES[@]}"
  for service; do
    DOCKER_BUILDKIT=0 docker build --quiet --target "$service" --tag "hardened-test/$service:1" \
      "$HARDENED_SOURCE/integration/workloads/services" >/dev/null 2>&1 || die "cannot build the image $service"
  done
}
