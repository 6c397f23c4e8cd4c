/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config.h"

#include <string.h>

#include "daemon/config-priv.h"
#include "daemon/config-text.h"

/* The errors as one text, a line each; *ret_config when there was none. */
static char *
check(const char *text, PliConfig **ret_config)
{
	g_autoptr(GPtrArray) errors = pli_config_errors_new();
	GString *out = g_string_new(NULL);
	PliConfig *config;
	guint i;

	config = pli_config_parse(pli_slice_from_string(text), "f", errors);
	g_assert_true((config == NULL) == (errors->len > 0));
	for (i = 0; i < errors->len; i++) {
		g_autofree char *line = pli_config_error_format(
		        g_ptr_array_index(errors, i));

		g_string_append_printf(out, "%s\n", line);
	}
	if (ret_config != NULL)
		*ret_config = config;
	else
		pli_config_free(config);
	return g_string_free(out, FALSE);
}

static void
assert_errors(const char *text, const char *wanted)
{
	g_autofree char *errors = check(text, NULL);

	g_assert_cmpstr(errors, ==, wanted);
}

#define SERVER "[server]\nroot=/r\n"
#define LISTENER "[listener a]\nprotocol=imap\n"

static void
test_whole(void)
{
	g_autoptr(PliConfig) config = NULL;
	g_autofree char *errors = NULL;
	PliConfigListener *l;

	errors = check("# comment\r\n\n [server] \nroot = /srv/pli\n"
	               "hostname=mx.example.org\nlog=json\n"
	               "[listener in]\nprotocol=lmtp\nport = 2424\n"
	               "[listener read]\naddress=::1\nprotocol = imap\n"
	               "[limits]\nmessage_octets=2M\nrow_octets=0\n"
	               "[accounts]\npassword=a\\sb\\\\",
	               &config);
	g_assert_cmpstr(errors, ==, "");
	g_assert_cmpstr(config->root, ==, "/srv/pli");
	g_assert_cmpstr(config->hostname, ==, "mx.example.org");
	g_assert_cmpuint(config->log, ==, PLI_LOG_JSON);
	g_assert_cmpuint(config->message_octets, ==, 2 * 1024 * 1024);
	g_assert_cmpuint(config->row_octets, ==, 0);
	g_assert_cmpuint(config->recipients, ==, 1000);
	g_assert_cmpstr(config->password, ==, "a b\\");
	g_assert_cmpuint(config->listeners->len, ==, 2);
	l = g_ptr_array_index(config->listeners, 0);
	g_assert_cmpstr(l->group.name, ==, "in");
	g_assert_cmpuint(l->protocol, ==, PLI_PROTOCOL_LMTP);
	g_assert_cmpuint(l->port, ==, 2424);
	g_assert_cmpstr(l->address, ==, "127.0.0.1");
	l = g_ptr_array_index(config->listeners, 1);
	g_assert_cmpstr(l->address, ==, "::1");
	g_assert_cmpuint(l->port, ==, 0);
}

static void
test_suggestions(void)
{
	assert_errors("[server]\nroot=/r\nhostnam=x\n" LISTENER "prot=1\n",
	              "f:3: unknown key `hostnam` in [server], did you mean "
	              "`hostname`?\n"
	              "f:6: unknown key `prot` in [listener a], did you mean "
	              "`port`?\n");
	assert_errors(SERVER LISTENER "[limit]\nx=1\n",
	              "f:5: unknown group [limit], did you mean [limits]?\n");
	assert_errors(SERVER "zebra=1\n" LISTENER,
	              "f:3: unknown key `zebra` in [server]\n");
	assert_errors(SERVER "log=jsno\n" LISTENER,
	              "f:3: `jsno` is no `log`, did you mean `json`?\n");
	assert_errors(SERVER "log=binary\n" LISTENER,
	              "f:3: `binary` is no `log`, it is one of: text, json\n");
}

/* Nothing hides what comes after it. */
static void
test_all_errors(void)
{
	assert_errors("root=/r\n[server\n[server]\nroot=r\nnonsense\n"
	              "log=text\nlog=json\n"
	              "[listener]\nprotocol=smtp\n"
	              "[listener b]\nport=65536\naddress=localhost\n"
	              "[limits]\nmessage_octets=9G\nrecipients=-1\n"
	              "[accounts]\npassword=a\\x\n",
	              "f:1: a key stands before the first group, such as "
	              "[server]\n"
	              "f:2: `]` is missing after the group's name\n"
	              "f:4: `root` must be an absolute path, such as "
	              "/var/lib/pli\n"
	              "f:5: `nonsense` is no group, no comment and has no `=`\n"
	              "f:7: `log` was set in line 6 already\n"
	              "f:8: a listener needs a name: write [listener NAME]\n"
	              "f:10: `protocol` is missing in [listener b]\n"
	              "f:10: `localhost` is no IPv4 or IPv6 address\n"
	              "f:11: `65536` is not `port`: a number from 0 to 65535, "
	              "such as 0\n"
	              "f:14: `9G` is not `message_octets`: a number from 1024 "
	              "to 4294967295 octets (K, M and G multiply by 1024), "
	              "such as 50M\n"
	              "f:15: `-1` is not `recipients`: a number from 100 to "
	              "100000 recipients, such as 1000\n"
	              "f:17: a `\\` must be followed by s, n, t, r or `\\`\n");
}

static void
test_empty(void)
{
	assert_errors("", "f: `root` is missing in [server]\n"
	                  "f: no [listener NAME]: nothing to serve\n");
}

static void
test_hostile(void)
{
	g_autoptr(GPtrArray) errors = pli_config_errors_new();
	g_autofree char *bytes = g_malloc(256 * 1024);
	guint i;

	for (i = 0; i < 256 * 1024; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	g_assert_null(pli_config_parse(pli_slice_new(bytes, 256 * 1024), "f",
	                               errors));
	g_assert_cmpuint(errors->len, >, 100);
}

static void
test_loopback_only(void)
{
	assert_errors(SERVER "[listener a]\nprotocol=smtp\naddress=192.0.2.1\n",
	              "f:3: [listener a] is at 192.0.2.1, but with accounts of "
	              "mode `any` only a loopback address may be used, such as "
	              "127.0.0.1\n");
	g_assert_true(pli_config_is_loopback("127.8.0.1"));
	g_assert_true(pli_config_is_loopback("::1"));
	g_assert_false(pli_config_is_loopback("0.0.0.0"));
	g_assert_false(pli_config_is_loopback("::"));
	g_assert_false(pli_config_is_loopback("localhost"));
}

static void
test_certificates(void)
{
	g_autoptr(PliConfig) config = NULL;
	g_autofree char *errors = NULL;
	PliConfigCertificate *c;
	PliConfigListener *l;

	errors = check(SERVER "[listener out]\nprotocol=submission\n"
	               "tls=implicit\n"
	               "[certificate mx]\ncertificate=/c\nkey=/k\n"
	               "[certificate other]\nkey=/l\ncertificate=/d\n",
	               &config);
	g_assert_cmpstr(errors, ==, "");
	l = g_ptr_array_index(config->listeners, 0);
	g_assert_cmpuint(l->tls, ==, PLI_LISTENER_IMPLICIT);
	g_assert_cmpuint(pli_config_listener_get_port(l), ==, 465);
	l->tls = PLI_LISTENER_STARTTLS;
	g_assert_cmpuint(pli_config_listener_get_port(l), ==, 587);
	g_assert_cmpuint(config->certificates->len, ==, 2);
	c = g_ptr_array_index(config->certificates, 1);
	g_assert_cmpstr(c->certificate, ==, "/d");
	g_assert_cmpstr(c->key, ==, "/l");
	assert_errors(SERVER "[listener a]\nprotocol=imap\ntls=implicit\n",
	              "f:3: [listener a] has tls=implicit, and there is no "
	              "[certificate NAME]\n");
	assert_errors(SERVER "[listener b]\nprotocol=lmtp\ntls=implicit\n"
	              "[certificate x]\nkey=k\n[certificate x]\n"
	              "[certificate]\n",
	              "f:3: [listener b]: LMTP has no implicit TLS, "
	              "tls=starttls has it\n"
	              "f:6: `certificate` is missing in [certificate x]\n"
	              "f:7: `key` must be an absolute path, such as "
	              "/var/lib/pli\n"
	              "f:8: [certificate x] was opened in line 6 already\n"
	              "f:9: a certificate needs a name: write [certificate "
	              "NAME]\n"
	              "f:9: `certificate` is missing in [certificate ?]\n"
	              "f:9: `key` is missing in [certificate ?]\n");
}

static void
test_mechanisms(void)
{
	assert_errors(SERVER LISTENER "[accounts]\nmechanisms=SCRAM-SHA256\n",
	              "f:6: `SCRAM-SHA256` is no mechanism, did you mean "
	              "`SCRAM-SHA-256`?\n");
	assert_errors(SERVER LISTENER
	              "[accounts]\nmechanisms=PLAIN  ANONYMOUS\n",
	              "f:6: `ANONYMOUS` is no mechanism, it is one of: "
	              "SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256, "
	              "SCRAM-SHA-1, PLAIN, LOGIN, CRAM-MD5, EXTERNAL\n");
}

static void
test_proxies(void)
{
	g_autoptr(PliConfig) config = NULL;
	g_autofree char *errors = NULL;
	PliConfigListener *l;

	errors = check(SERVER LISTENER "proxy=yes\nproxies=::1 10.0.0.0/8\n",
	               &config);
	g_assert_cmpstr(errors, ==, "");
	l = g_ptr_array_index(config->listeners, 0);
	g_assert_true(l->proxy);
	g_assert_true(pli_networks_has(l->proxies, "10.1.2.3"));
	assert_errors(SERVER LISTENER "proxy=yes\n",
	              "f:3: [listener a] has proxy=yes, which needs the "
	              "proxies that are believed, such as "
	              "proxies=192.0.2.10\n");
	assert_errors(SERVER LISTENER "proxies=::1\n",
	              "f:3: [listener a] has proxies, which are of use with "
	              "proxy=yes only\n");
	assert_errors(SERVER LISTENER "proxy=yes\nproxies=::1 lo\n",
	              "f:3: [listener a] has proxy=yes, which needs the "
	              "proxies that are believed, such as "
	              "proxies=192.0.2.10\n"
	              "f:6: `proxies`: `lo` is no network: an IPv4 or IPv6 "
	              "address, with or without the length of a prefix, such "
	              "as 192.0.2.0/24 or 2001:db8::/32\n");
}

/* A key that is a list of networks; a bad one leaves what was there. */
static void
test_networks(void)
{
	static const PliConfigKey key = {
		"smtp", "friends", PLI_CONFIG_NETWORKS, "", "", NULL, 0, 0,
		"Whom we trust.", 0};
	struct {
		PliNetworks *friends;
	} target = {NULL};
	char *error = NULL;

	g_assert_true(pli_config_set(&target, &key, "::1 10.0.0.0/8", &error));
	g_assert_true(pli_networks_has(target.friends, "10.1.2.3"));
	g_assert_false(pli_config_set(&target, &key, "10.0.0.0/33", &error));
	g_assert_cmpstr(error, ==,
	                "`friends`: `10.0.0.0/33` is no network: the prefix "
	                "is a number from 0 to 32, such as 10.0.0.0/32");
	g_assert_true(pli_networks_has(target.friends, "10.1.2.3"));
	g_assert_true(pli_config_set(&target, &key, "", NULL));
	g_assert_true(pli_networks_is_empty(target.friends));
	pli_networks_free(target.friends);
	g_free(error);
}

/* Every row of the table is usable: its default is a value of its own. */
static void
test_table(void)
{
	const PliConfigKey *keys;
	gsize n, i;

	keys = pli_config_get_keys(&n);
	g_assert_cmpuint(n, >, 10);
	for (i = 0; i < n; i++) {
		g_autofree char *text = NULL, *errors = NULL;
		gboolean l = g_str_equal(keys[i].group, "listener");
		gboolean named = l ||
		                 g_str_equal(keys[i].group, "certificate");

		g_assert_cmpstr(keys[i].text, !=, "");
		if (keys[i].fallback == NULL)
			continue;
		text = g_strdup_printf("%s%s[%s%s]\n%s%s=%s\n", SERVER,
		                       l ? "" : LISTENER, keys[i].group,
		                       named ? " b" : "",
		                       l ? "protocol=smtp\n" : "",
		                       keys[i].name, keys[i].fallback);
		errors = check(text, NULL);
		g_assert_cmpstr(errors, ==, "");
	}
}

/* The text without "#" where that stands before a group or a key. */
static char *
dup_uncommented(const char *text)
{
	g_autoptr(GRegex) commented =
	        g_regex_new("^#(?=\\[|\\w)", G_REGEX_MULTILINE, 0, NULL);
	char *out = g_regex_replace_literal(commented, text, -1, 0, "", 0,
	                                    NULL);

	g_assert_nonnull(out);
	return out;
}

static void
assert_has_key(const char *text, const PliConfigKey *key)
{
	g_autofree char *pattern =
	        g_strdup_printf("\n\\[%s( \\w+)?\\]\n(?:[^\\[\n].*\n|\n)*%s=",
	                        key->group, key->name);

	if (!g_regex_match_simple(pattern, text, 0, 0))
		g_error("%s is not in [%s] of the default file", key->name,
		        key->group);
}

/* What is printed can be read, as it is and with each key made to count. */
static void
test_default(void)
{
	g_autofree char *text = pli_config_format_default(PLI_CONFIG_FORM_FILE);
	g_autofree char *whole = dup_uncommented(text);
	g_autoptr(PliConfig) config = NULL, same = NULL;
	g_autofree char *errors = check(text, &config);
	g_autofree char *more = check(whole, &same);
	g_autofree char *values = NULL, *own = NULL;
	const PliConfigKey *keys;
	gsize n, i;

	g_assert_cmpstr(errors, ==, "");
	g_assert_cmpstr(more, ==, "");
	g_assert_cmpstr(config->root, ==, "/var/lib/pli");
	g_assert_cmpuint(config->certificates->len, ==, 0);
	g_assert_cmpuint(same->certificates->len, ==, 1);
	keys = pli_config_get_keys(&n);
	for (i = 0; i < n; i++)
		assert_has_key(whole, &keys[i]);
	/* in each case they are the defaults */
	values = pli_config_format_values(config, PLI_CONFIG_FORM_FILE);
	g_assert_nonnull(strstr(values, "# default\nhostname=localhost\n"));
	own = pli_config_format_values(same, PLI_CONFIG_FORM_FILE);
	g_assert_null(strstr(own, "# default"));
}

/* The text without its comments. */
static char *
dup_bare(const char *text)
{
	g_autoptr(GRegex) comment =
	        g_regex_new("^#.*\n", G_REGEX_MULTILINE, 0, NULL);

	return g_regex_replace_literal(comment, text, -1, 0, "", 0, NULL);
}

/* What is printed of a configuration is that configuration. */
static void
test_values(void)
{
	g_autoptr(PliConfig) config = NULL, again = NULL;
	g_autofree char *errors = NULL, *more = NULL, *text = NULL;
	g_autofree char *second = NULL, *bare = NULL, *bare_again = NULL;

	errors = check("[server]\nhostname=\\s a \\t\\\\b\\n\\s\nroot=/r \"q\n"
	               "log=json\n"
	               "[listener in]\nprotocol=imap\ntls=implicit\n"
	               "[listener b c]\nprotocol=lmtp\nport=7\n"
	               "[certificate x]\ncertificate=/c\nkey=/k\n"
	               "[limits]\nmessage_octets=3072\npending_octets=1025\n"
	               "row_octets=0\n"
	               "[accounts]\nseparator=\\s\npassword=hush\n",
	               &config);
	g_assert_cmpstr(errors, ==, "");
	text = pli_config_format_values(config, PLI_CONFIG_FORM_FILE);
	more = check(text, &again);
	g_assert_cmpstr(more, ==, "");
	g_assert_cmpstr(again->hostname, ==, "  a \t\\b\n ");
	g_assert_cmpstr(again->root, ==, config->root);
	g_assert_cmpstr(again->separator, ==, " ");
	second = pli_config_format_values(again, PLI_CONFIG_FORM_FILE);
	bare = dup_bare(text);
	bare_again = dup_bare(second);
	g_assert_cmpstr(bare, ==, bare_again);
	g_assert_nonnull(strstr(text, "[listener in]\n# line 6\n"
	                              "protocol=imap\n"));
	g_assert_nonnull(strstr(text, "# default\nport=993\n"));
	g_assert_nonnull(strstr(text, "[listener b c]\n"));
	g_assert_nonnull(strstr(text, "# line 15\nmessage_octets=3K\n"));
	g_assert_nonnull(strstr(text, "# line 16\npending_octets=1025\n# "
	                              "line 17\nrow_octets=0\n"));
	g_assert_nonnull(strstr(text, "# line 20: password is set\n"));
	g_assert_null(strstr(text, "hush"));
	g_assert_nonnull(strstr(second, "# default: password is unset\n"));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/config/whole", test_whole);
	g_test_add_func("/daemon/config/suggestions", test_suggestions);
	g_test_add_func("/daemon/config/all-errors", test_all_errors);
	g_test_add_func("/daemon/config/empty", test_empty);
	g_test_add_func("/daemon/config/hostile", test_hostile);
	g_test_add_func("/daemon/config/loopback-only", test_loopback_only);
	g_test_add_func("/daemon/config/certificates", test_certificates);
	g_test_add_func("/daemon/config/mechanisms", test_mechanisms);
	g_test_add_func("/daemon/config/proxies", test_proxies);
	g_test_add_func("/daemon/config/networks", test_networks);
	g_test_add_func("/daemon/config/table", test_table);
	g_test_add_func("/daemon/config/default", test_default);
	g_test_add_func("/daemon/config/values", test_values);
	return g_test_run();
}
