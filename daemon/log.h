/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log: one structured line an event, as text or JSON.
 *
 *	session time=2026-11-23T07:36:44.123Z protocol=smtp peer=127.0.0.1 ...
 *	{"event":"session","time":"...","protocol":"smtp",...}
 *
 * A line is built on the stack and written by one write(2), so threads do not
 * mix. Values are bounded and escaped: no control, no quote and no octet that
 * is not UTF-8 gets through. Whoever logs never hands in a secret or a body.
 */
#ifndef PLI_DAEMON_LOG_H
#define PLI_DAEMON_LOG_H

#include "engine/buf.h"

typedef enum {
	PLI_LOG_TEXT,
	PLI_LOG_JSON,
} PliLogFormat;

typedef struct {
	int fd;
	PliLogFormat format;
} PliLog;

/* A line under construction; values past the ceiling are left out. */
typedef struct {
	const PliLog *log;
	PliBuf buf;
} PliLogLine;

/* Starts a line of the event's kind with the time; every line that was begun
 * is to be sent. */
void
pli_log_line_begin(PliLogLine *line, const PliLog *log, const char *event);

/* `value` NULL: the key is left out. Keys are words of a-z and _. */
void
pli_log_line_add_text(PliLogLine *line, const char *key, const char *value);

void
pli_log_line_add_slice(PliLogLine *line, const char *key, PliSlice value);

void
pli_log_line_add_number(PliLogLine *line, const char *key, gint64 value);

/* Writes the line and frees what it held. */
void
pli_log_line_send(PliLogLine *line);

/* A line of event "error" or "notice" with one text. */
void
pli_log_error(const PliLog *log, const char *what, const char *text);
void
pli_log_notice(const PliLog *log, const char *text);

#endif
