/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config.h"

#include <arpa/inet.h>
#include <stddef.h>

#include "daemon/config-priv.h"
#include "daemon/dns.h"
#include "daemon/shared.h"

#define AT(member) G_STRUCT_OFFSET(PliConfig, member)
#define AT_LISTENER(member) G_STRUCT_OFFSET(PliConfigListener, member)
#define AT_CERTIFICATE(member) G_STRUCT_OFFSET(PliConfigCertificate, member)
#define G (G_GUINT64_CONSTANT(1) << 30)

static const PliConfigKey keys[] = {
	{"server", "hostname", PLI_CONFIG_TEXT, "localhost", "", NULL, 0, 0,
	 "Name of this host, in greetings and trace fields.", AT(hostname)},
	{"server", "root", PLI_CONFIG_PATH, NULL, "", NULL, 0, 0,
	 "Directory of the spool and the mail.", AT(root)},
	{"server", "log", PLI_CONFIG_CHOICE, "text", "", "text|json", 0, 0,
	 "Form of the log lines on standard error.", AT(log)},
	{"server", "user", PLI_CONFIG_TEXT, "", "", NULL, 0, 0,
	 "User whose rights the processes have that hear strangers; empty: "
	 "those of who starts plid.",
	 AT(user)},
	{"server", "workers", PLI_CONFIG_NUMBER, "1", "processes", NULL, 1,
	 PLI_SHARED_WORKERS_MAX,
	 "Processes that serve connections, each with a spool of its own.",
	 AT(workers)},
	{"server", "sandbox", PLI_CONFIG_CHOICE, "yes", "", "yes|log|no", 0, 0,
	 "Keeps the processes from files and system calls that they have no "
	 "use for (Landlock, seccomp); log: forbidden calls are only logged by "
	 "the kernel.",
	 AT(sandbox)},
	{"server", "drain", PLI_CONFIG_NUMBER, "5", "seconds", NULL, 0, 3600,
	 "How long answers that are open may take when the server stops.",
	 AT(drain_seconds)},
	{"listener", "protocol", PLI_CONFIG_CHOICE, NULL, "",
	 "smtp|lmtp|imap|submission", 0, 0, "What is spoken there.",
	 AT_LISTENER(protocol)},
	{"listener", "address", PLI_CONFIG_TEXT, "127.0.0.1", "", NULL, 0, 0,
	 "IPv4 or IPv6 address to bind.", AT_LISTENER(address)},
	{"listener", "port", PLI_CONFIG_NUMBER, "0", "", NULL, 0, 65535,
	 "TCP port to bind; 0 is the protocol's own (25, 24, 143, 587; with "
	 "implicit TLS 993 and 465).",
	 AT_LISTENER(port)},
	{"listener", "tls", PLI_CONFIG_CHOICE, "starttls", "",
	 "starttls|implicit|none", 0, 0,
	 "starttls: offered when there is a certificate; implicit: from the "
	 "first octet.",
	 AT_LISTENER(tls)},
	{"listener", "proxy", PLI_CONFIG_CHOICE, "no", "", "no|yes", 0, 0,
	 "A header of the PROXY protocol, version 1 or 2, comes ahead of "
	 "everything and says who the client is.",
	 AT_LISTENER(proxy)},
	{"listener", "proxies", PLI_CONFIG_NETWORKS, "", "", NULL, 0, 0,
	 "The proxies whose header is believed: addresses and networks, apart "
	 "by blanks; nobody else is let in.",
	 AT_LISTENER(proxies)},
	{"certificate", "certificate", PLI_CONFIG_PATH, NULL, "", NULL, 0, 0,
	 "PEM file of the certificate, and its chain behind it.",
	 AT_CERTIFICATE(certificate)},
	{"certificate", "key", PLI_CONFIG_PATH, NULL, "", NULL, 0, 0,
	 "PEM file of its private key.", AT_CERTIFICATE(key)},
	{"tls", "client_ca", PLI_CONFIG_PATH, "", "", NULL, 0, 0,
	 "PEM file of authorities; clients are asked for a certificate of "
	 "theirs.",
	 AT(client_ca)},
	{"metrics", "address", PLI_CONFIG_TEXT, "127.0.0.1", "", NULL, 0, 0,
	 "IPv4 or IPv6 address where OpenMetrics are served at /metrics, to "
	 "whoever asks.",
	 AT(metrics_address)},
	{"metrics", "port", PLI_CONFIG_NUMBER, "0", "", NULL, 0, 65535,
	 "TCP port of it; 0: they are not served.", AT(metrics_port)},
	{"smtp", "greeting_delay", PLI_CONFIG_NUMBER, "0", "milliseconds",
	 NULL, 0, 60000,
	 "How long the greeting of port 25 waits; who speaks meanwhile is "
	 "refused.",
	 AT(greeting_ms)},
	{"smtp", "early_octets", PLI_CONFIG_CHOICE, "refuse", "",
	 "refuse|allow", 0, 0,
	 "What comes ahead of the reply to EHLO, AUTH or DATA: refuse answers "
	 "554 and closes.",
	 AT(early_octets)},
	{"smtp", "bare_line_ends", PLI_CONFIG_CHOICE, "refuse", "",
	 "refuse|normalise", 0, 0,
	 "What becomes of a message with a bare CR or LF: refuse answers 550 "
	 "5.6.11, normalise makes CRLF of them. NUL is always refused.",
	 AT(bare_line_ends)},
	{"smtp", "prdr", PLI_CONFIG_CHOICE, "yes", "", "no|yes", 0, 0,
	 "Offers PRDR: a reply for each recipient.", AT(prdr)},
	{"smtp", "dsn", PLI_CONFIG_CHOICE, "no", "", "no|yes", 0, 0,
	 "Offers DSN (RFC 3461).", AT(dsn)},
	{"smtp", "deliverby", PLI_CONFIG_CHOICE, "no", "", "no|yes", 0, 0,
	 "Offers DELIVERBY (RFC 2852).", AT(deliver_by)},
	{"smtp", "mt_priority", PLI_CONFIG_CHOICE, "no", "", "no|yes", 0, 0,
	 "Offers MT-PRIORITY (RFC 6710).", AT(mt_priority)},
	{"smtp", "requiretls", PLI_CONFIG_CHOICE, "no", "", "no|yes", 0, 0,
	 "Offers REQUIRETLS (RFC 8689).", AT(require_tls)},
	{"smtp", "expn", PLI_CONFIG_CHOICE, "no", "", "no|yes", 0, 0,
	 "Offers EXPN, which shows who is on a list.", AT(expn)},
	{"smtp", "etrn", PLI_CONFIG_CHOICE, "no", "", "no|yes", 0, 0,
	 "Offers ETRN (RFC 1985).", AT(etrn)},
	{"smtp", "atrn", PLI_CONFIG_CHOICE, "no", "", "no|yes", 0, 0,
	 "Offers ATRN (RFC 2645) to submission clients.", AT(atrn)},
	{"smtp", "turn", PLI_CONFIG_CHOICE, "no", "", "no|yes", 0, 0,
	 "Offers TURN (RFC 821) to submission clients, once they have "
	 "authenticated.",
	 AT(turn)},
	{"smtp", "xclient", PLI_CONFIG_NETWORKS, "", "", NULL, 0, 0,
	 "Clients that may say with XCLIENT who the client really is: "
	 "addresses and networks, apart by blanks.",
	 AT(xclient)},
	{"smtp", "xforward", PLI_CONFIG_NETWORKS, "", "", NULL, 0, 0,
	 "Clients that may say with XFORWARD whom a message is from, for the "
	 "log.",
	 AT(xforward)},
	{"smtp", "checkpoint", PLI_CONFIG_CHOICE, "no", "", "no|yes", 0, 0,
	 "Offers CHECKPOINT (RFC 1845): messages that broke off go on where "
	 "they were. Takes a restart, as its limits do.",
	 AT(checkpoint)},
	{"smtp", "future_release", PLI_CONFIG_NUMBER, "0", "seconds", NULL, 0,
	 999999999,
	 "Longest time that FUTURERELEASE (RFC 4865) of a submission client "
	 "may ask for; 0: not offered.",
	 AT(hold_seconds)},
	{"limits", "message_octets", PLI_CONFIG_OCTETS, "50M", "octets", NULL,
	 1024, 4 * G - 1, "Largest message taken; SIZE says it to clients.",
	 AT(message_octets)},
	{"limits", "recipients", PLI_CONFIG_NUMBER, "1000", "recipients", NULL,
	 100, 100000, "Recipients of one message (RFC 5321 4.5.3.1.8: at "
	 "least 100).", AT(recipients)},
	{"limits", "hops", PLI_CONFIG_NUMBER, "100", "Received fields", NULL,
	 10, 10000,
	 "A message that has as many goes round and is refused (RFC 5321 6.3).",
	 AT(hops)},
	{"limits", "connections", PLI_CONFIG_NUMBER, "10000", "connections",
	 NULL, 1, 1000000, "Connections at one time, all listeners together.",
	 AT(connections)},
	{"limits", "client_connections", PLI_CONFIG_NUMBER, "100",
	 "connections", NULL, 0, 1000000,
	 "Connections of one client at one time (an IPv6 /64 is one); 0: as "
	 "many as there are.",
	 AT(client_connections)},
	{"limits", "pending_messages", PLI_CONFIG_NUMBER, "10000", "messages",
	 NULL, 1, 1000000, "Messages that may wait for a sync; more are "
	 "answered 451.", AT(pending_messages)},
	{"limits", "pending_octets", PLI_CONFIG_OCTETS, "256M", "octets", NULL,
	 1024, 64 * G, "Octets that may wait for a sync; more are answered "
	 "451.", AT(pending_octets)},
	{"limits", "row_octets", PLI_CONFIG_OCTETS, "64K", "octets", NULL, 0,
	 G, "Larger messages lie in a file beside the spool.", AT(row_octets)},
	{"limits", "command_timeout", PLI_CONFIG_NUMBER, "300", "seconds", NULL,
	 1, 3600,
	 "How long SMTP waits for a command (RFC 5321 4.5.3.2: 300); less "
	 "while there are many connections.",
	 AT(command_seconds)},
	{"limits", "handshake_timeout", PLI_CONFIG_NUMBER, "30", "seconds",
	 NULL, 1, 3600,
	 "How long a TLS handshake may take, and a PROXY header, which never "
	 "has more than 5.",
	 AT(handshake_seconds)},
	{"limits", "data_timeout", PLI_CONFIG_NUMBER, "300", "seconds", NULL, 1,
	 3600,
	 "How long SMTP waits for octets of a message; less while there are "
	 "many connections.",
	 AT(data_seconds)},
	{"limits", "data_rate", PLI_CONFIG_NUMBER, "500", "octets a second",
	 NULL, 0, 1000000,
	 "A message must come as fast, after data_timeout; 0: as it comes.",
	 AT(data_rate)},
	{"limits", "answer_timeout", PLI_CONFIG_NUMBER, "60", "seconds", NULL,
	 1, 3600,
	 "How long a command may wait for an answer of the server's own; then "
	 "451.",
	 AT(answer_seconds)},
	{"limits", "rate_connections", PLI_CONFIG_NUMBER, "300", "a minute",
	 NULL, 0, 1000000,
	 "Connections of one client in a minute; then 421; 0: as many as "
	 "there are.",
	 AT(rate_connections)},
	{"limits", "rate_messages", PLI_CONFIG_NUMBER, "0", "an hour", NULL, 0,
	 1000000,
	 "Messages of one client in an hour; then 450; 0: as many as "
	 "there are.",
	 AT(rate_messages)},
	{"limits", "rate_recipients", PLI_CONFIG_NUMBER, "0", "an hour", NULL,
	 0, 1000000,
	 "Recipients of one client in an hour; then 450; 0: as many as "
	 "there are.",
	 AT(rate_recipients)},
	{"limits", "rate_failed_recipients", PLI_CONFIG_NUMBER, "300",
	 "an hour", NULL, 0, 1000000,
	 "Recipients of one client in an hour that there are not; then "
	 "421; 0: as many as there are.",
	 AT(rate_failed_recipients)},
	{"limits", "rate_failed_logins", PLI_CONFIG_NUMBER, "100", "an hour",
	 NULL, 0, 1000000,
	 "Wrong passwords of one client in an hour; then 421; 0: as many "
	 "as there are.",
	 AT(rate_failed_logins)},
	{"limits", "checkpoint_messages", PLI_CONFIG_NUMBER, "200", "messages",
	 NULL, 1, 100000, "Messages that broke off and are kept.",
	 AT(checkpoint_messages)},
	{"limits", "checkpoint_client_messages", PLI_CONFIG_NUMBER, "20",
	 "messages", NULL, 1, 100000,
	 "Those of one client (an account, or an address that did not log "
	 "in).",
	 AT(checkpoint_client_messages)},
	{"limits", "checkpoint_octets", PLI_CONFIG_OCTETS, "1G", "octets",
	 NULL, 1024, 1024 * G, "Octets of all messages that broke off.",
	 AT(checkpoint_octets)},
	{"limits", "checkpoint_client_octets", PLI_CONFIG_OCTETS, "256M",
	 "octets", NULL, 1024, 1024 * G, "Those of one client.",
	 AT(checkpoint_client_octets)},
	{"limits", "checkpoint_hours", PLI_CONFIG_NUMBER, "48", "hours", NULL,
	 1, 8760, "How long they are kept (RFC 1845 3: at least 48).",
	 AT(checkpoint_hours)},
	{"policy", "exempt", PLI_CONFIG_NETWORKS, "127.0.0.0/8 ::1", "", NULL,
	 0, 0,
	 "Networks of clients whose mail is taken without checks, and "
	 "not counted by the rates.",
	 AT(exempt)},
	{"policy", "helo_checks", PLI_CONFIG_CHOICE, "mild", "",
	 "off|mild|strict", 0, 0,
	 "mild: who gives the name or address of this host in HELO is "
	 "refused; strict: also who gives neither a whole name nor its "
	 "own address.",
	 AT(helo_checks)},
	{"policy", "sender_checks", PLI_CONFIG_CHOICE, "no", "", "no|yes", 0, 0,
	 "Refuses senders whose domain has no mail server.",
	 AT(sender_checks)},
	{"policy", "own_senders", PLI_CONFIG_CHOICE, "accept", "",
	 "accept|refuse", 0, 0,
	 "Senders of domains served here, from clients that have not "
	 "logged in.",
	 AT(refuse_own_senders)},
	{"policy", "sender_login", PLI_CONFIG_CHOICE, "yes", "", "no|yes", 0, 0,
	 "In submission the sender must be an address of who logged in.",
	 AT(sender_login)},
	{"policy", "block_lists", PLI_CONFIG_DNS_LISTS, "", "", NULL, 0, 0,
	 "DNS lists of clients to refuse: ZONE[=CODES][:WEIGHT], apart "
	 "by blanks.",
	 AT(block_lists)},
	{"policy", "allow_lists", PLI_CONFIG_DNS_LISTS, "", "", NULL, 0, 0,
	 "DNS lists of clients that neither block_lists nor greylisting "
	 "holds up.",
	 AT(allow_lists)},
	{"policy", "block_score", PLI_CONFIG_NUMBER, "1", "", NULL, 1, 10000,
	 "Sum of weights from which on a client is refused.",
	 AT(dns_list_score)},
	{"policy", "greylist", PLI_CONFIG_CHOICE, "no", "", "no|yes", 0, 0,
	 "Has unknown clients, senders and recipients try again (RFC "
	 "6647).",
	 AT(greylist)},
	{"policy", "greylist_delay", PLI_CONFIG_NUMBER, "300", "seconds", NULL,
	 1, 86400,
	 "How long they have to wait.",
	 AT(greylist_delay)},
	{"policy", "greylist_window", PLI_CONFIG_NUMBER, "172800", "seconds",
	 NULL, 60, 2592000,
	 "How long they have to come again.",
	 AT(greylist_window)},
	{"policy", "greylist_lifetime", PLI_CONFIG_NUMBER, "3024000", "seconds",
	 NULL, 3600, 31536000,
	 "How long those that came again are known.",
	 AT(greylist_lifetime)},
	{"policy", "greylist_passes", PLI_CONFIG_NUMBER, "5", "", NULL, 0, 1000,
	 "After as many a network is known as a whole; 0: never.",
	 AT(greylist_passes)},
	{"policy", "greylist_rows", PLI_CONFIG_NUMBER, "1000000", "", NULL, 100,
	 100000000,
	 "At most as many are remembered.",
	 AT(greylist_rows)},
	{"dns", "resolver", PLI_CONFIG_RESOLVERS, "", "", NULL, 0, 0,
	 "Servers to ask, ADDRESS[@PORT] apart by blanks; none: those of "
	 "the system.",
	 AT(resolver)},
	{"dns", "trust_anchor", PLI_CONFIG_PATH, "", "", NULL, 0, 0,
	 "File of trust anchors for DNSSEC (RFC 4035); none: nothing is "
	 "validated.",
	 AT(trust_anchor)},
	{"dns", "timeout", PLI_CONFIG_NUMBER, "5", "seconds", NULL, 1, 60,
	 "How long an answer may take.",
	 AT(dns_seconds)},
	{"accounts", "mode", PLI_CONFIG_CHOICE, "any", "", "any|file", 0, 0,
	 "any: every local part is an account, made when first used; only on "
	 "loopback addresses. file: those of `users`.",
	 AT(accounts)},
	{"accounts", "users", PLI_CONFIG_PATH, "", "", NULL, 0, 0,
	 "The file of accounts (pli.users(5)), for mode file.", AT(users)},
	{"accounts", "aliases", PLI_CONFIG_PATH, "", "", NULL, 0, 0,
	 "The file of aliases (pli.aliases(5)), for mode file.", AT(aliases)},
	{"accounts", "domains", PLI_CONFIG_TEXT, "", "", NULL, 0, 0,
	 "Domains whose mail is for accounts here, apart by blanks; hostname "
	 "always is one.",
	 AT(domains)},
	{"accounts", "separator", PLI_CONFIG_TEXT, "+", "", NULL, 0, 0,
	 "What parts an account from a subaddress (RFC 5233); empty: nothing.",
	 AT(separator)},
	{"accounts", "password", PLI_CONFIG_SECRET, "", "", NULL, 0, 0,
	 "The password of every account in mode any; empty: nobody logs in.",
	 AT(password)},
	{"accounts", "mechanisms", PLI_CONFIG_TEXT,
	 "SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 PLAIN "
	 "LOGIN",
	 "", NULL, 0, 0,
	 "What AUTH offers; also CRAM-MD5, and EXTERNAL for clients with a "
	 "certificate.",
	 AT(mechanisms)},
	{"accounts", "failure_delay", PLI_CONFIG_NUMBER, "2", "seconds", NULL,
	 0, 60, "How long the reply to a failed login waits.",
	 AT(failure_seconds)},
	{"accounts", "pam_service", PLI_CONFIG_TEXT, "pli", "", NULL, 0, 0,
	 "Name of the service whose rules of PAM hold for accounts that have "
	 "pam in the file.",
	 AT(pam_service)},
	{"accounts", "pam_directory", PLI_CONFIG_PATH, "", "", NULL, 0, 0,
	 "Directory where the rules are looked for; empty: the system's.",
	 AT(pam_directory)},
};

const PliConfigKey *
pli_config_get_keys(gsize *ret_n)
{
	*ret_n = G_N_ELEMENTS(keys);
	return keys;
}

static void
listener_free(gpointer data)
{
	PliConfigListener *listener = data;

	g_free(listener->group.name);
	g_free(listener->address);
	pli_networks_free(listener->proxies);
	g_free(listener);
}

static void
certificate_free(gpointer data)
{
	PliConfigCertificate *certificate = data;

	g_free(certificate->group.name);
	g_free(certificate->certificate);
	g_free(certificate->key);
	g_free(certificate);
}

static const PliConfigNamed named_groups[] = {
	{"listener", "a listener", "in", TRUE, AT(listeners)},
	{"certificate", "a certificate", "own", FALSE, AT(certificates)},
};

const PliConfigNamed *
pli_config_find_named(const char *group)
{
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(named_groups); i++)
		if (g_str_equal(named_groups[i].group, group))
			return &named_groups[i];
	return NULL;
}

static char *
dup_id(const char *group, const char *name, const char *key)
{
	return g_strdup_printf("%s %s\n%s", group, name, key);
}

guint
pli_config_get_line(const PliConfig *config, const char *group,
                    const char *name, const char *key)
{
	g_autofree char *id = dup_id(group, name, key);

	return GPOINTER_TO_UINT(g_hash_table_lookup(config->lines, id));
}

void
pli_config_set_line(PliConfig *config, const char *group, const char *name,
                    const char *key, guint line)
{
	g_hash_table_insert(config->lines, dup_id(group, name, key),
	                    GUINT_TO_POINTER(line));
}

void
pli_config_set_defaults(gpointer target, const char *group)
{
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(keys); i++) {
		gboolean mine = group == NULL
		                        ? pli_config_find_named(
		                                  keys[i].group) == NULL
		                        : g_str_equal(keys[i].group, group);

		if (mine && keys[i].fallback != NULL)
			g_assert(pli_config_set(target, &keys[i],
			                        keys[i].fallback, NULL));
	}
}

PliConfig *
pli_config_new(void)
{
	PliConfig *config = g_new0(PliConfig, 1);

	config->ref_count = 1;
	config->lines =
	        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	config->listeners = g_ptr_array_new_with_free_func(listener_free);
	config->certificates =
	        g_ptr_array_new_with_free_func(certificate_free);
	pli_config_set_defaults(config, NULL);
	return config;
}

PliConfig *
pli_config_ref(const PliConfig *config)
{
	PliConfig *shared = (PliConfig *)config;

	g_atomic_int_inc(&shared->ref_count);
	return shared;
}

void
pli_config_free(PliConfig *config)
{
	if (config == NULL || !g_atomic_int_dec_and_test(&config->ref_count))
		return;
	g_hash_table_unref(config->lines);
	g_free(config->hostname);
	g_free(config->root);
	g_free(config->user);
	g_free(config->password);
	g_free(config->users);
	g_free(config->aliases);
	g_free(config->domains);
	g_free(config->separator);
	g_free(config->mechanisms);
	g_free(config->pam_service);
	g_free(config->pam_directory);
	g_free(config->client_ca);
	pli_networks_free(config->xclient);
	pli_networks_free(config->xforward);
	g_free(config->resolver);
	g_free(config->trust_anchor);
	pli_networks_free(config->exempt);
	g_ptr_array_unref(config->block_lists);
	g_ptr_array_unref(config->allow_lists);
	g_free(config->metrics_address);
	g_ptr_array_unref(config->listeners);
	g_ptr_array_unref(config->certificates);
	g_free(config);
}

gboolean
pli_config_asks_dns(const PliConfig *config)
{
	return config->sender_checks || config->block_lists->len > 0 ||
	       config->allow_lists->len > 0;
}

PliConfigListener *
pli_config_add_listener(PliConfig *config, const char *name,
                        PliProtocol protocol, guint port)
{
	PliConfigListener *listener = g_new0(PliConfigListener, 1);

	pli_config_set_defaults(listener, "listener");
	listener->group.name = g_strdup(name);
	listener->protocol = protocol;
	listener->port = port;
	g_ptr_array_add(config->listeners, listener);
	return listener;
}

PliConfigCertificate *
pli_config_add_certificate(PliConfig *config, const char *name)
{
	PliConfigCertificate *certificate = g_new0(PliConfigCertificate, 1);

	pli_config_set_defaults(certificate, "certificate");
	certificate->group.name = g_strdup(name);
	g_ptr_array_add(config->certificates, certificate);
	return certificate;
}

const PliConfigListener *
pli_config_find_listener(const PliConfig *config, const char *name)
{
	guint i;

	for (i = 0; i < config->listeners->len; i++) {
		const PliConfigListener *l =
		        g_ptr_array_index(config->listeners, i);

		if (g_str_equal(l->group.name, name))
			return l;
	}
	return NULL;
}

guint
pli_config_listener_get_port(const PliConfigListener *listener)
{
	static const guint ports[][2] = {
	        [PLI_PROTOCOL_SMTP] = {25, 25},
	        [PLI_PROTOCOL_LMTP] = {24, 24},
	        [PLI_PROTOCOL_IMAP] = {143, 993},
	        [PLI_PROTOCOL_SUBMISSION] = {587, 465},
	};

	if (listener->port != 0)
		return (guint)listener->port;
	return ports[listener->protocol]
	            [listener->tls == PLI_LISTENER_IMPLICIT];
}

static gboolean
parse_number(const PliConfigKey *key, const char *text, guint64 *ret_number)
{
	const char *units = "KMG", *unit;
	g_autofree char *digits = g_strdup(text);
	gsize len = strlen(digits);
	guint shift = 0;

	if (key->type == PLI_CONFIG_OCTETS && len > 1 &&
	    (unit = strchr(units, digits[len - 1])) != NULL) {
		shift = 10 * (guint)(unit - units + 1);
		digits[len - 1] = '\0';
	}
	return g_ascii_string_to_unsigned(digits, 10, 0, key->most >> shift,
	                                  ret_number, NULL) &&
	       (*ret_number <<= shift) >= key->least;
}

static char *
set_choice(const PliConfigKey *key, const char *text, guint64 *field)
{
	g_auto(GStrv) choices = g_strsplit(key->choices, "|", -1);
	g_autofree char *listed = g_strjoinv(", ", choices);
	const char *near;
	guint i;

	for (i = 0; choices[i] != NULL; i++) {
		if (g_str_equal(choices[i], text)) {
			*field = i;
			return NULL;
		}
	}
	near = pli_config_find_near(text, (const char *const *)choices);
	if (near != NULL)
		return g_strdup_printf("`%s` is no `%s`, did you mean `%s`?",
		                       text, key->name, near);
	return g_strdup_printf("`%s` is no `%s`, it is one of: %s", text,
	                       key->name, listed);
}

static char *
set_number(const PliConfigKey *key, const char *text, guint64 *field)
{
	guint64 number;

	if (parse_number(key, text, &number)) {
		*field = number;
		return NULL;
	}
	return g_strdup_printf("`%s` is not `%s`: a number from "
	                       "%" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
	                       "%s%s%s, such as %s",
	                       text, key->name, key->least, key->most,
	                       *key->unit ? " " : "", key->unit,
	                       key->type == PLI_CONFIG_OCTETS
	                               ? " (K, M and G multiply by 1024)"
	                               : "",
	                       key->fallback);
}

static char *
set_networks(const PliConfigKey *key, const char *text, PliNetworks **field)
{
	g_autofree char *why = NULL;
	PliNetworks *networks = pli_networks_parse(text, &why);

	if (networks == NULL)
		return g_strdup_printf("`%s`: %s", key->name, why);
	pli_networks_free(*field);
	*field = networks;
	return NULL;
}

static char *
set_dns_lists(const PliConfigKey *key, const char *text, GPtrArray **field)
{
	g_autofree char *why = NULL;
	GPtrArray *lists = pli_dns_lists_parse(text, &why);

	if (lists == NULL)
		return g_strdup_printf("`%s`: %s", key->name, why);
	if (*field != NULL)
		g_ptr_array_unref(*field);
	*field = lists;
	return NULL;
}

static char *
set_resolvers(const PliConfigKey *key, const char *text, char **field)
{
	g_autofree char *why = pli_dns_check_resolvers(text);

	if (why != NULL)
		return g_strdup_printf("`%s`: %s", key->name, why);
	g_free(*field);
	*field = g_strdup(text);
	return NULL;
}

gboolean
pli_config_set(gpointer target, const PliConfigKey *key, const char *text,
               char **ret_error)
{
	gpointer field = G_STRUCT_MEMBER_P(target, key->offset);
	char *error = NULL;

	switch (key->type) {
	case PLI_CONFIG_CHOICE:
		error = set_choice(key, text, field);
		break;
	case PLI_CONFIG_NUMBER:
	case PLI_CONFIG_OCTETS:
		error = set_number(key, text, field);
		break;
	case PLI_CONFIG_NETWORKS:
		error = set_networks(key, text, field);
		break;
	case PLI_CONFIG_DNS_LISTS:
		error = set_dns_lists(key, text, field);
		break;
	case PLI_CONFIG_RESOLVERS:
		error = set_resolvers(key, text, field);
		break;
	case PLI_CONFIG_PATH:
		if ((*text != '\0' || key->fallback == NULL) &&
		    !g_path_is_absolute(text)) {
			error = g_strdup_printf("`%s` must be an absolute "
			                        "path, such as /var/lib/pli",
			                        key->name);
			break;
		}
		G_GNUC_FALLTHROUGH;
	case PLI_CONFIG_TEXT:
	case PLI_CONFIG_SECRET:
		g_free(*(char **)field);
		*(char **)field = g_strdup(text);
		break;
	}
	if (error == NULL)
		return TRUE;
	if (ret_error != NULL)
		*ret_error = error;
	else
		g_free(error);
	return FALSE;
}

const char *
pli_protocol_get_name(PliProtocol protocol)
{
	static const char *const names[] = {"smtp", "lmtp", "imap",
	                                    "submission"};

	g_assert(protocol < G_N_ELEMENTS(names));
	return names[protocol];
}

gboolean
pli_config_is_loopback(const char *address)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, address, &v6) == 1 &&
	       IN6_IS_ADDR_LOOPBACK(&v6);
}
