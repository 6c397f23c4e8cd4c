/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An SMTP session whose every question is answered with yes, and what it said
 * and gave. */
#ifndef PLI_TESTS_LIB_SMTP_RUN_H
#define PLI_TESTS_LIB_SMTP_RUN_H

#include "protocols/smtp-server.h"

typedef struct {
	PliSession *session;
	GString *replies; /* codes of whole replies, a space behind each */
	GString *output;  /* what went out since they were taken */
	GString *message; /* what DATA events gave */
	GString *ended;	  /* the message at DATA_END, or NULL */
	guint64 n_normalised;
	gsize at, ended_at; /* octets that were used, and by DATA_END */
	GPtrArray *names;   /* arguments of VRFY */
	guint n_aborts;
} PliSmtpRun;

void pli_smtp_run_init(PliSmtpRun *run, const PliSmtpConfig *config);

void pli_smtp_run_clear(PliSmtpRun *run);

/* How many octets were used, one at least; the rest is to come again. */
gsize pli_smtp_run_feed(PliSmtpRun *run, PliSlice piece);

/* The codes of the replies since the last time, a space behind each; of a
 * reply of many lines once. Valid until the next call. */
const char *pli_smtp_run_take_replies(PliSmtpRun *run);

#endif
