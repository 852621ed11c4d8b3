# Nine servers (services.bash makes their images): how each is started, used, and what is the matter with it. Sourced by
# what trains them.
# shellcheck shell=bash

# How many seconds to wait for whatever a server is to do.
PATIENCE=60

# describe SERVER: sets IMAGE, CONTAINER, OPTIONS and COMMAND of its `docker run`. nginx, redis and memcached are the
# server alone; with "-image" behind the name they come with the image's shell entrypoint and its health check.
describe() {
  CONTAINER=${1%-image} OPTIONS=() COMMAND=()
  IMAGE=hardened-test/$CONTAINER:$([ "$1" = "$CONTAINER" ] && echo 1 || echo image)
  case $1 in
    nginx) OPTIONS=(--no-healthcheck --entrypoint nginx) COMMAND=(-g "daemon off;") ;;
    # A command is slow, and its client asked for its address, whenever the machine is.
    redis)
      OPTIONS=(--no-healthcheck --user redis --entrypoint redis-server)
      COMMAND=(--protected-mode no --slowlog-log-slower-than -1)
      ;;
    memcached) OPTIONS=(--entrypoint memcached) ;;
    postgres) OPTIONS=(-e POSTGRES_PASSWORD=secret -e POSTGRES_DB=shop) ;;
    mariadb) OPTIONS=(-e MARIADB_USER=shop -e MARIADB_PASSWORD=secret -e MARIADB_DATABASE=shop) ;;
  esac
  case $CONTAINER in
    nginx | apache2) OPTIONS+=(-v "$HARDENED_DAEMON/site:/var/www/html:ro") ;;
    redis) OPTIONS+=(-v redis:/data) ;;
    postgres) OPTIONS+=(-v postgres:/var/lib/postgresql/data) ;;
    mariadb) OPTIONS+=(-v mariadb:/var/lib/mysql) ;;
  esac
}

# make_servers SERVER...: their images, a network, what they serve, and a container beside them for all clients, under
# the stock runtime.
make_servers() {
  local server
  local -A images=()
  for server; do images[${server%-image}]=1; done
  make_services "${!images[@]}"
  for server in "${!images[@]}"; do docker tag "hardened-test/$server:1" "hardened-test/$server:image"; done
  docker network create services >/dev/null
  mkdir "$HARDENED_DAEMON/site"
  echo welcome >"$HARDENED_DAEMON/site/index.html"
  head -c 3000000 /dev/zero >"$HARDENED_DAEMON/site/large"
  docker run -d --init --name client --runtime=runc --network services -e PGPASSWORD=secret -e MYSQL_PWD=secret \
    -v "$HARDENED_DAEMON/site:/site:ro" hardened-test/services:1 python3 -m http.server -d /site 8000 >/dev/null ||
    die "cannot start a container for the clients"
}

# fresh SERVER: without what earlier runs of it left on its volume.
fresh() {
  docker volume rm -f "${1%-image}" >/dev/null
  # Docker gives an empty volume to the owner of the image's directory, at each start.
  [ "$1" != redis ] || docker run --rm --runtime=runc -v redis:/data hardened-test/services:1 \
    sh -c 'chown redis /data && touch /data/kept'
}

# client SCRIPT: runs it beside the server; its first failing command ends it.
client() { timeout "$PATIENCE" docker exec client bash -ec "$1"; }

# What clients and an administrator do with each: read, write, reload, exec.
use_nginx() {
  client '
    for _ in 1 2 3; do [ "$(curl -fsS http://nginx/)" = welcome ]; done
    [ "$(curl -fsS http://nginx/large | wc -c)" = 3000000 ]
    curl -sS http://nginx/nowhere | grep -q 404
    curl -sS -d name=value http://nginx/ | grep -q 405
    curl -fsS -I http://nginx/ | grep -q "200 OK"' || return 1
  docker exec nginx nginx -t -q || return 1
  docker kill --signal HUP nginx >/dev/null || return 1
  wait_for "$PATIENCE" client '[ "$(curl -fsS http://nginx/)" = welcome ]'
}
use_redis() {
  client '
    says() { redis-cli -h redis "$@"; }
    [ "$(says set key value)" = OK ]
    [ "$(says get key)" = value ]
    says incr count
    says lpush list a b c
    says config set maxmemory 50mb
    [ "$(says save)" = OK ]
    says bgsave
    until says info persistence | grep -q "^rdb_bgsave_in_progress:0"; do sleep 0.1; done
    says bgrewriteaof
    until says info persistence | grep -q "^aof_rewrite_in_progress:0"; do sleep 0.1; done
    redis-benchmark -h redis -q -n 1000 -t get,set' >/dev/null || return 1
  docker exec redis redis-server --version >/dev/null
}
use_memcached() {
  client '
    exec 3<>/dev/tcp/memcached/11211
    ask() { printf "%s\r\n" "${@:2}" >&3 && read -r -t 5 answer <&3 && [[ $answer == $1* ]]; }
    for _ in 1 2 3; do
      ask STORED "set key 0 0 5" value
      ask "VALUE key" "get key"; read -r -t 5 <&3; read -r -t 5 <&3
      ask DELETED "delete key"
    done
    ask OK flush_all
    ask "STAT pid" stats
    for _ in {1..40}; do (exec 4<>/dev/tcp/memcached/11211; echo version >&4; read -r -t 5 <&4) & done; wait' ||
    return 1
  docker exec memcached memcached --version >/dev/null
}
use_postgres() {
  client '
    export PGHOST=postgres PGUSER=postgres PGDATABASE=shop
    psql -v ON_ERROR_STOP=1 -qAt <<"SQL"
      CREATE TABLE IF NOT EXISTS item (id int, name text);
      INSERT INTO item SELECT n, $$item $$ || n FROM generate_series(1, 1000) n;
      UPDATE item SET name = $$moved$$ WHERE id < 100;
      CREATE INDEX ON item (id);
      SET work_mem = "64kB"; SELECT count(*) FROM (SELECT * FROM item ORDER BY name) sorted;
      DROP TABLE item; CHECKPOINT; VACUUM;
SQL
    pgbench -i -q
    pgbench -n -c 4 -t 20' >/dev/null 2>&1 || return 1
  docker kill --signal HUP postgres >/dev/null || return 1
  equals "$(docker exec -u postgres postgres psql -Atc 'SELECT 1')" 1
}
use_mariadb() {
  client '
    mariadb -h mariadb -u shop -N shop <<"SQL"
      CREATE TABLE IF NOT EXISTS item (id int AUTO_INCREMENT PRIMARY KEY, name text) ENGINE=InnoDB;
      INSERT INTO item (name) SELECT CONCAT("item ", seq) FROM seq_1_to_1000;
      START TRANSACTION; DELETE FROM item; ROLLBACK;
      SELECT COUNT(*) FROM (SELECT * FROM item ORDER BY name) sorted;
      ALTER TABLE item ADD COLUMN note text; DROP TABLE item;
SQL' >/dev/null || return 1
  docker kill --signal HUP mariadb >/dev/null || return 1
  equals "$(docker exec -u mysql -e MYSQL_PWD=secret mariadb mariadb -u shop -Ne 'SELECT 1')" 1
}
use_apache2() {
  client '
    for _ in 1 2 3; do [ "$(curl -fsS http://apache2/)" = welcome ]; done
    [ "$(curl -fsS http://apache2/large | wc -c)" = 3000000 ]
    curl -sS http://apache2/nowhere | grep -q 404
    curl -fsS -d name=value http://apache2/ >/dev/null
    for _ in {1..30}; do curl -fsS http://apache2/ >/dev/null & done; wait' || return 1
  docker exec apache2 apache2ctl graceful || return 1
  wait_for "$PATIENCE" client '[ "$(curl -fsS http://apache2/)" = welcome ]'
}
use_haproxy() {
  client '
    for _ in 1 2 3; do [ "$(curl -fsS http://haproxy:8080/)" = welcome ]; done
    [ "$(curl -fsS http://haproxy:8080/large | wc -c)" = 3000000 ]
    curl -fsS http://haproxy:8080/alive | grep -q alive
    curl -sS -d name=value http://haproxy:8080/ | grep -q 501' || return 1
  docker exec haproxy haproxy -c -q -f /usr/local/etc/haproxy/haproxy.cfg || return 1
  docker kill --signal USR2 haproxy >/dev/null || return 1
  wait_for "$PATIENCE" client '[ "$(curl -fsS http://haproxy:8080/)" = welcome ]'
}
use_python() { use_application python && docker exec python python3 -c 'print("moin")' >/dev/null; }
use_node() { use_application node && docker exec node node -e 'console.log("moin")' >/dev/null; }
use_application() {
  docker kill --signal HUP "$1" >/dev/null || return 1
  client "server=http://$1:8000"'
    for _ in 1 2 3; do curl -fsS $server/ | grep -q hello; done
    curl -fsS -T /etc/passwd $server/passwd
    curl -fsS $server/passwd | cmp - /etc/passwd
    curl -sS -o /dev/null -w "%{http_code}" $server/nowhere | grep -q 404'
}

# ready SERVER: does it answer, or will it never?
ready() { ! running "${1%-image}" || answers "${1%-image}"; }
answers() {
  case $1 in
    postgres) client 'psql -h postgres -U postgres -d shop -c "SELECT 1"' ;;
    mariadb) client 'mariadb -h mariadb -u shop -e "SELECT 1" shop' ;;
    *) client "exec 3<>/dev/tcp/$1/$(port_of "$1")" ;;
  esac
}
port_of() {
  case $1 in
    nginx | apache2) echo 80 ;;
    redis) echo 6379 ;;
    memcached) echo 11211 ;;
    haproxy) echo 8080 ;;
    python | node) echo 8000 ;;
  esac
}

# begin SERVER RUNTIME [OPTION...]: started, and it answers.
begin() {
  local IMAGE CONTAINER
  local -a OPTIONS COMMAND
  describe "$1"
  docker run -d --name "$CONTAINER" --runtime="$2" --network services "${OPTIONS[@]}" "${@:3}" "$IMAGE" \
    "${COMMAND[@]}" >/dev/null || return 1
  wait_for "$PATIENCE" ready "$1" && running "$CONTAINER"
}

# serves SERVER: it goes on answering beyond its first second, which the recorder takes for the start.
serves() {
  local begun=${EPOCHREALTIME/./}
  while [ $((${EPOCHREALTIME/./} - begun)) -lt 1200000 ]; do answers "$1" >/dev/null || return 1; done
}

# lives SERVER RUNTIME: its whole life, and how it ended. What is left of a failed one is removed.
lives() {
  local container=${1%-image} result=0
  { begin "$1" "$2" && serves "$container" && "use_$container" &&
    docker stop --time "$PATIENCE" "$container" >/dev/null &&
    equals "$(docker inspect --format '{{.State.ExitCode}}' "$container")" 0; } || {
    docker logs --tail 20 "$container"
    result=1
  }
  docker rm -f -v "$container" >/dev/null 2>&1
  return "$result"
}
