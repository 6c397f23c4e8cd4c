/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration: one file in GKeyFile syntax, checked whole.
 *
 * Every key is a row of one table (pli_config_get_keys): name, type, default,
 * unit and text, from which the checks and the manual are made. Reading never
 * stops at the first mistake: each one is a PliConfigError with its line and,
 * where a known word is near, a suggestion. Nothing is opened or bound here.
 */
#ifndef PLI_DAEMON_CONFIG_H
#define PLI_DAEMON_CONFIG_H

#include "daemon/log.h"
#include "engine/slice.h"

typedef enum {
	PLI_CONFIG_TEXT,
	PLI_CONFIG_PATH,   /* absolute */
	PLI_CONFIG_CHOICE, /* one of `choices` */
	PLI_CONFIG_NUMBER,
	PLI_CONFIG_OCTETS, /* a number, or one with K, M or G (1024) */
} PliConfigType;

typedef struct {
	const char *group; /* "listener" stands for every [listener NAME] */
	const char *name;
	PliConfigType type;
	const char *fallback; /* NULL: must be given */
	const char *unit;     /* "octets", "seconds" ...; "" for none */
	const char *choices;  /* "a|b|c" */
	guint64 least, most;  /* of NUMBER and OCTETS */
	const char *text;     /* for the manual */
	gsize offset;         /* in PliConfig or PliConfigListener */
} PliConfigKey;

typedef enum {
	PLI_PROTOCOL_SMTP,
	PLI_PROTOCOL_LMTP,
	PLI_PROTOCOL_IMAP,
} PliProtocol;

typedef enum {
	PLI_ACCOUNTS_ANY, /* any local part, one password: loopback only */
} PliAccountsMode;

typedef struct {
	char *name;
	guint64 protocol; /* PliProtocol */
	char *address;
	guint64 port; /* 0: the protocol's own */
	guint line;
} PliConfigListener;

typedef struct {
	char *hostname;
	char *root;
	guint64 log; /* PliLogFormat */
	GPtrArray *listeners; /* PliConfigListener */
	guint64 message_octets;
	guint64 recipients;
	guint64 connections;
	guint64 pending_messages;
	guint64 pending_octets;
	guint64 row_octets;
	guint64 accounts; /* PliAccountsMode */
	char *password;
} PliConfig;

typedef struct {
	char *file;
	guint line; /* from 1; 0: the file as a whole */
	char *text;
} PliConfigError;

/* All rows; *ret_n says how many. */
const PliConfigKey *
pli_config_get_keys(gsize *ret_n);

/* Every key at its default, no listener. */
PliConfig *
pli_config_new(void);

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

/* An array that frees its PliConfigErrors. */
GPtrArray *
pli_config_errors_new(void);

/* "FILE:LINE: text" */
char *
pli_config_error_format(const PliConfigError *error);

/* "smtp", "lmtp", "imap" */
const char *
pli_protocol_get_name(PliProtocol protocol);

/* 127.0.0.0/8 or ::1, as text. */
gboolean
pli_config_is_loopback(const char *address);

#endif
