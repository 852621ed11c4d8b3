#!/usr/bin/env bats
# Real servers from Debian's packages, started as root by entrypoints like those of the official images, answer real
# clients under hardened-compat: with no option that stock Docker would not need.

load helpers
# shellcheck source=integration/docker/services.bash
source "$BATS_TEST_DIRNAME/services.bash"

# Those whose official images come with an entrypoint that begins as root.
SERVICES=(nginx apache2 redis postgres mariadb)

setup_file() {
  suite_up
  make_services
  docker network create services >/dev/null
  mkdir "$HARDENED_DAEMON/site"
  echo welcome >"$HARDENED_DAEMON/site/index.html"
  install -m 600 /dev/null "$HARDENED_DAEMON/site/secret"
  local service
  for service in "${SERVICES[@]}"; do start "$service"; done
  all_healthy "${SERVICES[@]}"
}
teardown_file() { suite_down; }
teardown() {
  docker rm -f -v box kept moving sick stock >/dev/null 2>&1 || true
  policy_reset
}

# start SERVICE: as its official image's documentation says. The volume has the service's name.
start() {
  local service=$1
  local -a options=()
  case $service in
    nginx) options=(-p 8080:80 -v "$HARDENED_DAEMON/site:/var/www/html:ro") ;;
    apache2) options=(-v "$HARDENED_DAEMON/site:/var/www/html:ro") ;;
    redis) options=(-v redis:/data) ;;
    postgres) options=(-v postgres:/var/lib/postgresql/data -e POSTGRES_PASSWORD=secret -e POSTGRES_DB=shop) ;;
    mariadb)
      options=(-v mariadb:/var/lib/mysql -e MARIADB_USER=shop -e MARIADB_PASSWORD=secret -e MARIADB_DATABASE=shop)
      ;;
  esac
  docker run -d --name "$service" --runtime=hardened-compat --network services "${options[@]}" \
    "hardened-test/$service:1" >/dev/null
}

health_is() { [ "$(docker inspect --format '{{.State.Health.Status}}' "$1")" = "$2" ]; }

# all_healthy CONTAINER...: each says so itself, by its client.
all_healthy() {
  local service
  for service; do
    wait_for 60 health_is "$service" healthy || die "$service is not healthy: $(docker logs --tail 20 "$service" 2>&1)"
  done
}

address_of() { docker inspect --format '{{.NetworkSettings.Networks.services.IPAddress}}' "$1"; }

# client COMMAND...: in a container of its own, which asks for nothing and knows the servers by name.
client() { hardened --rm --network services -e PGPASSWORD=secret -e MYSQL_PWD=secret hardened-test/services:1 "$@"; }
redis_says() { client redis-cli -h redis "$@"; }
postgres_says() { client psql -h postgres -U postgres -d shop -v ON_ERROR_STOP=1 -qAtc "$1"; }
mariadb_says() { client mariadb -h mariadb -u shop -N -e "$1" shop; }

# fetch SERVICE: its page, as another container and as the host see it.
fetch() {
  equals "$(client curl -fsS "http://$1/")" welcome
  equals "$(inside curl -fsS "http://$(address_of "$1")/")" welcome
}

# workers SERVICE: the host's ids of those its first process has made, one a line.
workers() { pgrep -P "$(pid_of "$1")" -x "$1"; }

# replaced SERVICE WORKERS: it has others now.
replaced() { workers "$1" >/dev/null && not grep -qxF "$2" <<<"$(workers "$1")"; }

# confined PID FIRST: nobody on the host, one of the 65536 ids from FIRST on, without a way to gain anything.
confined() {
  local -A status=()
  local text field value compat=0x4eb # chown, dac_override, fowner, kill, setgid, setuid, net_bind_service
  text=$(cat "/proc/$1/status") || return 1
  while read -r field value _; do status[${field%:}]=$value; done <<<"$text"
  echo "process $1, ${status[Name]}: uid ${status[Uid]}"
  [ "${status[Uid]}" -ge "$2" ] && [ "${status[Uid]}" -lt $(($2 + 65536)) ] || return 1
  equals "${status[NoNewPrivs]} ${status[Seccomp]}" "1 2" || return 1
  equals $(((0x${status[CapBnd]} | 0x${status[CapPrm]} | 0x${status[CapInh]}) & ~compat)) 0 || return 1
  [ "${status[Uid]}" -eq "$2" ] || equals $((0x${status[CapPrm]} | 0x${status[CapEff]} | 0x${status[CapAmb]})) 0
}

# The client of a health check may be over by now, or still on its way in.
gone_or_confined() { not test -d "/proc/$1" || confined "$@"; }

# serves_as SERVICE USER PID: that process of it is the user's, who is unprivileged inside as well.
serves_as() {
  local first
  first=$(host_id "$1")
  [ "$first" -ge 65536 ]
  equals "$(awk '$1 == "Uid:" { print $2 }' "/proc/$3/status")" $((first + $(docker exec "$1" id -u "$2")))
}

@test "every process of every server is nobody on the host and can gain nothing" {
  local service first pid
  for service in "${SERVICES[@]}"; do
    running "$service"
    first=$(host_id "$service")
    for pid in $(docker top "$service" -eo pid | tail -n +2); do
      wait_for 5 gone_or_confined "$pid" "$first" || confined "$pid" "$first"
    done
  done
}

@test "servers and workers are the user they were meant to become; stock Docker's master is the host's root" {
  serves_as redis redis "$(pid_of redis)"
  serves_as postgres postgres "$(pid_of postgres)"
  serves_as mariadb mysql "$(pid_of mariadb)"
  serves_as nginx www-data "$(workers nginx | head -n 1)"
  serves_as apache2 www-data "$(workers apache2 | head -n 1)"
  serves_as nginx root "$(pid_of nginx)"
  docker run -d --name stock --runtime=runc hardened-test/nginx:1 >/dev/null
  equals "$(status_of stock Uid) $(status_of stock NoNewPrivs) $(status_of stock CapEff)" "0 0 00000000a80425fb"
  not confined "$(pid_of stock)" 0
}

@test "nginx serves a read-only host directory on port 80, to a container, to the host and at a published port" {
  fetch nginx
  equals "$(inside curl -fsS http://127.0.0.1:8080/)" welcome
  run docker exec nginx touch /var/www/html/file
  contains "Read-only file system"
}

@test "apache2 serves the same directory on port 80, to a container and to the host" {
  fetch apache2
  run docker exec apache2 touch /var/www/html/file
  contains "Read-only file system"
}

@test "nginx takes a new configuration at a reload: the master stays, the workers are new" {
  local master old
  master=$(pid_of nginx)
  old=$(workers nginx)
  docker exec nginx sh -c 'echo "server { listen 81; return 200 reloaded; }" >/etc/nginx/conf.d/more.conf'
  docker exec nginx nginx -s reload
  wait_for 20 replaced nginx "$old"
  equals "$(client curl -fsS http://nginx:81/)" reloaded
  equals "$(pid_of nginx)" "$master"
  fetch nginx
}

@test "apache2 takes a new configuration at a graceful restart: the master stays, the workers are new" {
  local master old
  master=$(pid_of apache2)
  old=$(workers apache2)
  docker exec apache2 sh -c 'echo "Redirect /old http://apache2/new" >/etc/apache2/conf-enabled/more.conf'
  docker exec apache2 apache2ctl graceful
  wait_for 20 replaced apache2 "$old"
  equals "$(client curl -fsS -o /dev/null -w '%{redirect_url}' http://apache2/old)" http://apache2/new
  equals "$(pid_of apache2)" "$master"
  fetch apache2
}

@test "docker logs holds what nginx and apache2 write to log files that are links to /dev/stdout and /dev/stderr" {
  local service
  for service in nginx apache2; do
    # Workers are not root, so what root keeps to itself on the host is not served.
    equals "$(client curl -s -o /dev/null -w '%{http_code}' "http://$service/secret")" 403
    equals "$(docker logs "$service" 2>/dev/null | grep -c 'GET /secret HTTP/1.1" 403')" 1
    docker logs "$service" 2>&1 >/dev/null | grep -q '/var/www/html/secret'
  done
}

@test "redis reads and writes for another container, and saves in the background" {
  equals "$(redis_says SET greeting moin)" OK
  equals "$(redis_says GET greeting)" moin
  redis_says BGSAVE
  wait_for 20 docker exec redis test -s /data/dump.rdb
  equals "$(redis_says INFO persistence | tr -d '\r' | sed -n 's/^rdb_last_bgsave_status://p')" ok
}

@test "postgres reads and writes for another container, in parallel sessions and with parallel workers" {
  postgres_says 'CREATE TABLE item (id int PRIMARY KEY, name text)'
  postgres_says "INSERT INTO item SELECT n, 'item ' || n FROM generate_series(1, 1000) n"
  equals "$(postgres_says 'SELECT name FROM item WHERE id = 1000')" "item 1000"
  client pgbench -h postgres -U postgres -i -q shop
  run client pgbench -h postgres -U postgres -n -c 8 -t 50 shop
  contains "number of transactions actually processed: 400/400"
  # What workers share lies in /dev/shm.
  run postgres_says 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
    EXPLAIN (ANALYZE, COSTS off) SELECT sum(abalance) FROM pgbench_accounts'
  contains "Workers Launched: 2"
}

@test "as many sessions as postgres accepts stay within the default limits" {
  client pgbench -h postgres -U postgres -i -q shop
  run client pgbench -h postgres -U postgres -n -S -c 95 -j 2 -t 20 shop
  contains "number of transactions actually processed: 1900/1900"
  equals "$(cgroup_of postgres pids pids.max) $(cgroup_of postgres memory memory.limit_in_bytes)" "256 $((512 << 20))"
  equals "$(cgroup_of postgres pids pids.events)" "max 0"
}

@test "mariadb reads and writes for another container, in transactions" {
  mariadb_says 'CREATE TABLE item (id int AUTO_INCREMENT PRIMARY KEY, name text) ENGINE=InnoDB'
  mariadb_says 'INSERT INTO item (name) SELECT CONCAT("item ", seq) FROM seq_1_to_1000'
  mariadb_says 'START TRANSACTION; DELETE FROM item; ROLLBACK'
  equals "$(mariadb_says 'SELECT COUNT(*), MAX(name) FROM item')" $'1000\titem 999'
}

@test "postgres and mariadb read their configuration again at SIGHUP" {
  postgres_says "ALTER SYSTEM SET work_mem = '5MB'"
  docker kill -s HUP postgres
  wait_for 20 bash -c 'docker exec -u postgres postgres psql -Atc "SHOW work_mem" | grep -qx 5MB'
  docker kill -s HUP mariadb
  equals "$(mariadb_says 'SELECT 1')" 1
}

@test "docker exec brings in a client as the server's user and as root" {
  equals "$(docker exec -u redis redis redis-cli PING)" PONG
  equals "$(docker exec -u postgres postgres psql -Atc 'SELECT 1')" 1
  equals "$(docker exec postgres psql -U postgres -Atc 'SELECT 1')" 1
  equals "$(docker exec -u mysql -e MYSQL_PWD=secret mariadb mariadb -u shop -Ne 'SELECT 1')" 1
}

@test "a client that joins the server's network needs no other" {
  run hardened --rm --network container:redis hardened-test/services:1 redis-cli PING
  equals "$output" PONG
}

@test "the host reaches a database by the container's address" {
  # shellcheck disable=SC2016 # expanded by the inner shell
  run inside bash -c 'exec 3<>"/dev/tcp/$1/6379" && echo PING >&3 && head -c 5 <&3' ask "$(address_of redis)"
  equals "$output" +PONG
}

@test "health checks are the servers' own clients, and notice a server that does not answer" {
  local service
  all_healthy "${SERVICES[@]}"
  for service in "${SERVICES[@]}"; do
    equals "$service $(docker inspect --format '{{(index .State.Health.Log 0).ExitCode}}' "$service")" "$service 0"
  done
  docker run -d --name sick --runtime=hardened-compat --health-retries 1 hardened-test/redis:1 sleep 600 >/dev/null
  wait_for 30 health_is sick unhealthy
}

@test "docker stop lets every server end by itself with status 0, and docker start brings it back" {
  local service
  docker stop -t 30 "${SERVICES[@]}"
  for service in "${SERVICES[@]}"; do
    equals "$service $(docker inspect --format '{{.State.ExitCode}}' "$service")" "$service 0"
  done
  docker start "${SERVICES[@]}"
  all_healthy "${SERVICES[@]}"
  fetch nginx
  fetch apache2
}

@test "data on volumes outlives a container that is killed and removed" {
  local service
  redis_says SET kept yes
  redis_says SAVE
  postgres_says "CREATE TABLE kept AS SELECT 'yes' AS answer"
  mariadb_says 'CREATE TABLE kept AS SELECT "yes" AS answer'
  for service in redis postgres mariadb; do
    docker rm -f "$service" >/dev/null
    start "$service"
  done
  all_healthy redis postgres mariadb
  equals "$(redis_says GET kept)" yes
  equals "$(postgres_says 'SELECT answer FROM kept')" yes
  equals "$(mariadb_says 'SELECT answer FROM kept')" yes
}

@test "files on a volume belong to the ids the image knows" {
  local volume
  volume=$(docker volume inspect --format '{{.Mountpoint}}' postgres)
  equals "$(stat -c '%u %a' "$volume")" "$(docker exec postgres id -u postgres) 700"
  equals "$(stat -c '%u' "$volume/PG_VERSION")" "$(docker exec postgres id -u postgres)"
  equals "$(docker exec postgres stat -c '%U' /var/lib/postgresql/data/PG_VERSION)" postgres
}

@test "a volume goes from stock Docker to hardened-compat and back" {
  local runtime
  for runtime in runc hardened-compat runc; do
    docker run -d --name moving --runtime="$runtime" -v moving:/var/lib/postgresql/data -e POSTGRES_PASSWORD=secret \
      -e POSTGRES_DB=shop hardened-test/postgres:1 >/dev/null
    all_healthy moving
    docker exec -u postgres moving psql -qc 'CREATE TABLE IF NOT EXISTS stage (runtime text)'
    docker exec -u postgres moving psql -qc "INSERT INTO stage VALUES ('$runtime')"
    run docker exec -u postgres moving psql -Atc 'SELECT string_agg(runtime, $$ $$) FROM stage'
    docker stop -t 30 moving
    docker rm moving
  done
  equals "$output" "runc hardened-compat runc"
}

# exported CONTAINER PATH: that file as docker export has it; 2 when it is not there.
exported() { docker export "$1" | tar -xO "$2" 2>/dev/null; }

@test "docker export of a read-only and of an ephemeral root shows the image, not what was written" {
  sleeper box
  docker exec box touch /tmp/file
  equals "$(exported box etc/passwd)" "$(docker exec box cat /etc/passwd)"
  run -2 exported box tmp/file
  # The entrypoint wrote it, and the running server sees it.
  docker exec nginx grep -q '^worker_processes 2;' /etc/nginx/nginx.conf
  exported nginx etc/nginx/nginx.conf | grep -q '^worker_processes auto;'
}

# persistent NAME IMAGE [COMMAND...]: compat, but what is written stays in Docker's own layer.
persistent() {
  profile kept '{"extends": "compat", "rootfs": "persistent"}'
  policy '{"select": [{"label": "org.hardened.profile", "allow": ["kept"]}]}'
  docker run -d --name "$1" --runtime=hardened --label org.hardened.profile=kept "${@:2}" >/dev/null
}

@test "docker export of a persistent root shows what was written, and makes an image that stock Docker runs" {
  persistent kept "$BOX" sleep 600
  docker exec kept sh -c 'echo mine >/etc/file && chown 1000:1000 /etc/file'
  docker stop -t 0 kept
  equals "$(exported kept etc/file)" mine
  docker export kept | docker import - hardened-test/kept:1 >/dev/null
  equals "$(stock --rm hardened-test/kept:1 /bin/stat -c '%u %g' /etc/file)" "1000 1000"
  docker rmi -f hardened-test/kept:1 >/dev/null
}

@test "docker commit of a running container with a persistent root has what was written" {
  persistent kept "$BOX" sleep 600
  docker exec kept sh -c 'echo new >/etc/new && echo more >>/etc/passwd'
  docker commit kept hardened-test/kept:2 >/dev/null
  equals "$(stock --rm hardened-test/kept:2 /bin/sh -c 'cat /etc/new; tail -n 1 /etc/passwd')" $'new\nmore'
  docker rmi -f hardened-test/kept:2 >/dev/null
}

# Docker's mount of the layer and the container's do not see each other's changes: a file put there by the one made the
# directory unusable in the other.
@test "docker cp into a persistent root is refused while it runs, does no harm, and works when it has stopped" {
  persistent kept "$BOX" sleep 600
  docker exec kept ls /home
  echo copied >"$BATS_TEST_TMPDIR/file"
  run docker cp "$BATS_TEST_TMPDIR/file" kept:/home/file
  [ "$status" -ne 0 ]
  contains "read-only file system"
  docker exec kept touch /home/own
  docker stop -t 0 kept
  docker cp "$BATS_TEST_TMPDIR/file" kept:/home/file
  docker start kept
  equals "$(docker exec kept sh -c 'cat /home/file; ls /home')" $'copied\nfile\nown\nuser'
}
