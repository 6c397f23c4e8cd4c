/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * multipart/report (RFC 6522): what became of a message (DSN, RFC 3464), what
 * its reader did with it (MDN, RFC 8098), what somebody complains of (ARF,
 * RFC 5965).
 *
 * Each gives the entity; engine/gmime/compose.h puts a header over it. Who
 * sends it uses the null return path. NULL: errors of engine/gmime/entity.h.
 * Texts are UTF-8, NULL for what is not known; times are seconds since 1970
 * in UTC, 0 for none.
 */
#ifndef PLI_ENGINE_GMIME_COMPOSE_REPORT_H
#define PLI_ENGINE_GMIME_COMPOSE_REPORT_H

#include "engine/gmime/compose.h"

/* What all three have: words for people, and the message they are about. */
typedef struct {
	const char *text; /* has to be */
	GBytes *original; /* the message, or NULL */
	gboolean only_header; /* of the original */
} PliComposeReport;

typedef struct {
	const char *final_recipient;	/* address, has to be */
	const char *original_recipient; /* address as ORCPT had it */
	const char *action; /* failed, delayed, delivered, relayed, expanded */
	const char *status; /* "5.1.1" (RFC 3463) */
	const char *remote_mta;	 /* name of a host */
	/* reply of the remote SMTP server; what is not US-ASCII becomes "?" */
	const char *diagnostic;
	gint64 last_attempt;
	gint64 will_retry_until;
} PliComposeDsnRecipient;

typedef struct {
	PliComposeReport report;
	const char *reporting_mta; /* name of a host, has to be */
	const char *received_from_mta;
	const char *envelope_id; /* as ENVID had it */
	gint64 arrival;
	const PliComposeDsnRecipient *recipients;
	gsize n_recipients; /* at least one */
} PliComposeDsn;

GBytes *
pli_compose_dsn(PliEntityWriter *writer, const PliComposeDsn *dsn,
                GError **error);

typedef struct {
	PliComposeReport report;
	const char *reporting_ua;
	const char *final_recipient; /* has to be */
	const char *original_recipient;
	const char *original_message_id; /* with angle brackets */
	/* "automatic-action/MDN-sent-automatically", has to be */
	const char *mode;
	const char *disposition; /* displayed, deleted, dispatched, ... */
} PliComposeMdn;

GBytes *
pli_compose_mdn(PliEntityWriter *writer, const PliComposeMdn *mdn,
                GError **error);

typedef struct {
	PliComposeReport report;
	const char *feedback_type; /* "abuse", "fraud", ...; has to be */
	const char *user_agent;	   /* has to be */
	const char *original_mail_from;
	const char *original_rcpt_to;
	const char *reporting_mta; /* name of a host */
	const char *source_ip;
	const char *reported_domain;
	gint64 arrival;
} PliComposeArf;

GBytes *
pli_compose_arf(PliEntityWriter *writer, const PliComposeArf *arf,
                GError **error);

#endif
