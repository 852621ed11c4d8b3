#include "controls/look.h"

using namespace hardened;
using test::look;

namespace {

Spec with(const std::string& entry) {
  return Spec(Json{{"process", {{"env", {"PATH=/bin", entry}}}}});
}

const std::string word(std::size_t length) {
  return std::string(length, 'x');
}

}  // namespace

TEST_CASE("secret-env: names and values that look like secrets are reported") {
  const std::string secrets[] = {"MYSQL_ROOT_PASSWORD=hunter2",
                                 "password=hunter2",
                                 "PGPASSWORD=123456",
                                 "MYSQL_PWD=hunter2",
                                 "AWS_SECRET_ACCESS_KEY=abc",
                                 "github_token=abc",
                                 "STRIPE_API_KEY=sk",
                                 "Db_Credentials=a:b",
                                 "DEPLOY_PRIVATE_KEY=abc",
                                 "HARMLESS=AKIA" + word(16),
                                 "HARMLESS=key: AKIA" + word(16) + ".",
                                 "HARMLESS=ghp_" + word(36),
                                 "HARMLESS=github_pat_" + word(40),
                                 "KEY_FILE=ghp_" + word(36),
                                 "HARMLESS=-----BEGIN OPENSSH PRIVATE KEY-----\nabc",
                                 "DATABASE_URL=postgres://app:hunter2@db:5432/app",
                                 "http_proxy=http://me:hunter2@proxy:3128",
                                 "PASSWORD=a=b"};
  for (const std::string& entry : secrets) {
    INFO(entry);
    CHECK(look(controls::secret_env, with(entry), {}, {}).refused ==
          std::vector<std::string>{entry.substr(0, entry.find('='))});
  }
}

TEST_CASE("secret-env: ordinary variables are not") {
  const std::string ordinary[] = {"PATH=/usr/bin",
                                  "PWD=/srv",
                                  "OLDPWD=/",
                                  "PASSWORD=",
                                  "PASSWORD",
                                  "POSTGRES_PASSWORD_FILE=/run/secrets/pg",
                                  "MYSQL_ALLOW_EMPTY_PASSWORD=yes",
                                  "SECRETS_DIR=/run/secrets",
                                  "TOKENIZERS_PARALLELISM=false",
                                  "HARMLESS=AKIA" + word(15),
                                  "HARMLESS=xAKIA" + word(16),
                                  "HARMLESS=ghp_short",
                                  "DATABASE_URL=postgres://db:5432/app",
                                  "HOME_URL=https://example.org/a:b@c",
                                  "MAIL=http://user@host/",
                                  "HARMLESS=http://user:@host",
                                  "GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568",
                                  "CERT=-----BEGIN CERTIFICATE-----",
                                  "=PASSWORD",
                                  ""};
  for (const std::string& entry : ordinary) {
    INFO(entry);
    CHECK(look(controls::secret_env, with(entry), {}, {}).refused.empty());
  }
}

TEST_CASE("secret-env: a finding never holds the value") {
  const Spec spec = with("A/PASSWORD~\n=hunter2 AKIA" + word(16));
  const auto verdict = controls::secret_env.evaluate(spec, Policy{}, Facts{});
  REQUIRE(verdict.findings().size() == 1);
  const controls::Finding& finding = verdict.findings().front();
  CHECK(finding.change.pointer == "/process/env/A~1PASSWORD~0\n");
  CHECK_FALSE(finding.change.before);
  CHECK_FALSE(finding.change.after);
  for (const std::string& text : {finding.change.pointer, finding.reason, finding.subject, finding.remedy})
    CHECK(text.find("hunter2") == std::string::npos);
  CHECK(finding.reason.find('\n') == std::string::npos);
}

TEST_CASE("secret-env: warned about where the policy says nothing") {
  CHECK(controls::secret_env.fallback == policy::Level::warn);
}
