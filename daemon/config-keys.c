/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of keys, with their defaults, bounds and what they are for. */
#include "daemon/config.h"

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
