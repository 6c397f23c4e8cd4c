/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration: one file in GKeyFile syntax, checked whole.
 *
 * Every key is a row of one table (pli_config_get_keys): name, type, default,
 * unit and text, from which the checks and the printed file
 * (daemon/config-text.h) are made; a test holds the manual to it. Reading never
 * stops at the first mistake: each one is a PliConfigError with its line and,
 * where a known word is near, a suggestion. Nothing is opened or bound here.
 */
#ifndef PLI_DAEMON_CONFIG_H
#define PLI_DAEMON_CONFIG_H

#include "daemon/dns-list.h"
#include "daemon/log.h"
#include "daemon/networks.h"
#include "engine/slice.h"

typedef enum {
	PLI_CONFIG_TEXT,
	PLI_CONFIG_SECRET, /* a text that is never shown */
	PLI_CONFIG_PATH,   /* absolute */
	PLI_CONFIG_CHOICE, /* one of `choices` */
	PLI_CONFIG_NUMBER,
	PLI_CONFIG_OCTETS, /* a number, or one with K, M or G (1024) */
	PLI_CONFIG_NETWORKS, /* a PliNetworks */
	PLI_CONFIG_DNS_LISTS, /* an array of PliDnsList */
	PLI_CONFIG_RESOLVERS, /* text, ADDRESS[@PORT] apart by blanks */
} PliConfigType;

typedef struct {
	const char *group; /* "listener" stands for every [listener NAME], and
	                      "certificate" likewise */
	const char *name;
	PliConfigType type;
	const char *fallback; /* NULL: must be given */
	const char *unit;     /* "octets", "seconds" ...; "" for none */
	const char *choices;  /* "a|b|c" */
	guint64 least, most;  /* of NUMBER and OCTETS */
	const char *text;     /* for the manual */
	gsize offset; /* in PliConfig or the named group's structure */
} PliConfigKey;

typedef enum {
	PLI_PROTOCOL_SMTP,
	PLI_PROTOCOL_LMTP,
	PLI_PROTOCOL_IMAP,
	PLI_PROTOCOL_SUBMISSION,
} PliProtocol;

#define PLI_N_PROTOCOLS 4

typedef enum {
	PLI_LISTENER_STARTTLS, /* offered when there is a certificate */
	PLI_LISTENER_IMPLICIT, /* TLS from the first octet (RFC 8314) */
	PLI_LISTENER_CLEAR,
} PliListenerTls;

typedef enum {
	PLI_ACCOUNTS_ANY, /* any local part, one password: loopback only */
	PLI_ACCOUNTS_FILE, /* those of `users` */
} PliAccountsMode;

typedef enum {
	PLI_HELO_CHECKS_OFF,
	PLI_HELO_CHECKS_MILD,	/* our own name and address are refused */
	PLI_HELO_CHECKS_STRICT, /* and what is neither a whole name nor the
				   client's address */
} PliHeloChecks;

/* What every named group begins with. */
typedef struct {
	char *name;
	guint line;
} PliConfigGroup;

typedef struct {
	PliConfigGroup group;
	guint64 protocol; /* PliProtocol */
	guint64 tls;      /* PliListenerTls */
	char *address;
	guint64 port; /* 0: the protocol's own */
	guint64 proxy;        /* yes or no: a PROXY header comes first */
	PliNetworks *proxies; /* whose is believed */
} PliConfigListener;

typedef struct {
	PliConfigGroup group;
	char *certificate, *key; /* PEM files */
} PliConfigCertificate;

/* What becomes of bare CR and LF in a message. */
typedef enum {
	PLI_BARE_LINE_ENDS_REFUSE,
	PLI_BARE_LINE_ENDS_NORMALISE,
} PliBareLineEnds;

typedef struct {
	gint ref_count;
	GHashTable *lines; /* see pli_config_get_line() */
	char *hostname;
	char *root;
	guint64 log; /* PliLogFormat */
	char *user;  /* "": whoever starts it */
	guint64 workers;
	guint64 sandbox; /* PliSandboxMode */
	guint64 drain_seconds;
	GPtrArray *listeners; /* PliConfigListener */
	GPtrArray *certificates; /* PliConfigCertificate; the first one is for
	                            clients that name none of the others */
	char *client_ca;         /* "": clients are asked for none */
	char *metrics_address;
	guint64 metrics_port;    /* 0: not served */
	guint64 message_octets;
	guint64 recipients;
	guint64 hops;
	guint64 connections, client_connections;
	guint64 pending_messages;
	guint64 pending_octets;
	guint64 row_octets;
	guint64 command_seconds, data_seconds, answer_seconds;
	guint64 handshake_seconds;
	guint64 data_rate; /* octets a second; 0: any */
	guint64 checkpoint_messages, checkpoint_client_messages;
	guint64 checkpoint_octets, checkpoint_client_octets;
	guint64 checkpoint_hours;
	guint64 accounts; /* PliAccountsMode */
	char *password;
	char *users, *aliases; /* paths; "": there is none */
	char *domains;         /* apart by blanks */
	char *separator;       /* "": there are no subaddresses */
	char *mechanisms;
	guint64 failure_seconds;
	char *pam_service, *pam_directory; /* "": the system's */
	/* extensions of SMTP; yes or no */
	guint64 greeting_ms;
	guint64 bare_line_ends; /* PliBareLineEnds */
	guint64 early_octets, prdr, dsn, deliver_by, mt_priority, require_tls;
	guint64 expn, etrn, atrn, turn, checkpoint;
	PliNetworks *xclient, *xforward; /* who may say that */
	guint64 hold_seconds; /* FUTURERELEASE's longest; 0: not offered */
	/* which clients are served; see daemon/policy.h */
	PliNetworks *exempt;
	guint64 helo_checks; /* PliHeloChecks */
	guint64 sender_checks, refuse_own_senders, sender_login;
	GPtrArray *block_lists, *allow_lists; /* PliDnsList */
	guint64 dns_list_score; /* from which on a client is refused */
	guint64 greylist;
	/* seconds */
	guint64 greylist_delay, greylist_window, greylist_lifetime;
	guint64 greylist_passes, greylist_rows;
	/* of a client, a minute or an hour; 0: any */
	guint64 rate_connections, rate_messages, rate_recipients;
	guint64 rate_failed_recipients, rate_failed_logins;
	char *resolver;	    /* "": the system's */
	char *trust_anchor; /* "": none */
	guint64 dns_seconds;
} PliConfig;

typedef struct {
	char *file;
	guint line; /* from 1; 0: the file as a whole */
	char *text;
} PliConfigError;

/* All rows; *ret_n says how many. */
const PliConfigKey *
pli_config_get_keys(gsize *ret_n);

/* Every key at its default, no listener. Does not change once it is shared;
 * pli_config_free() gives a reference back. */
PliConfig *
pli_config_new(void);

/* Whether anything of it is looked up in the DNS. */
gboolean
pli_config_asks_dns(const PliConfig *config);

PliConfig *
pli_config_ref(const PliConfig *config);

void
pli_config_free(PliConfig *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliConfig, pli_config_free)

/* Adds a listener at its defaults; owned by the configuration. */
PliConfigListener *
pli_config_add_listener(PliConfig *config, const char *name,
                        PliProtocol protocol, guint port);

/* Reads `text`, called `file` in the errors, which are appended to `errors`
 * (PliConfigError, see pli_config_errors_new). NULL when there was any. */
PliConfig *
pli_config_parse(PliSlice text, const char *file, GPtrArray *errors);

/* Where a key was set, from 1; 0: nowhere, it has its default. `name` is that
 * of a named group, else "". */
guint
pli_config_get_line(const PliConfig *config, const char *group,
                    const char *name, const char *key);

/* An array that frees its PliConfigErrors. */
GPtrArray *
pli_config_errors_new(void);

/* "FILE:LINE: text" */
char *
pli_config_error_format(const PliConfigError *error);

PliConfigCertificate *
pli_config_add_certificate(PliConfig *config, const char *name);

/* "smtp", "lmtp", "imap", "submission" */
const char *
pli_protocol_get_name(PliProtocol protocol);

/* NULL: there is none of that name. */
const PliConfigListener *
pli_config_find_listener(const PliConfig *config, const char *name);

/* The port to bind: what was said, or the protocol's own. */
guint
pli_config_listener_get_port(const PliConfigListener *listener);

/* 127.0.0.0/8 or ::1, as text. */
gboolean
pli_config_is_loopback(const char *address);

#endif
