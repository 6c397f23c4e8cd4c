/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/smtp-run.h"

static void
note_event(PliSmtpRun *run, const PliSessionEvent *event)
{
	const PliSmtpEnvelope *envelope = event->detail;
	const PliSmtpVrfy *vrfy = event->detail;
	PliAnswer accept = {0};

	if (event->type == PLI_SMTP_EVENT_DATA) {
		g_string_append_len(run->message,
				    (const char *)event->octets.data,
				    (gssize)event->octets.len);
	} else if (event->type == PLI_SMTP_EVENT_DATA_END) {
		g_assert(run->ended == NULL);
		run->ended = g_string_new_len(run->message->str,
					      (gssize)run->message->len);
		run->n_normalised = envelope->n_normalised;
		run->ended_at = run->at;
	} else if (event->type == PLI_SMTP_EVENT_VRFY) {
		g_ptr_array_add(run->names, g_strdup(vrfy->argument));
	} else if (event->type == PLI_SMTP_EVENT_DATA_ABORT) {
		run->n_aborts++;
	}
	if (event->ask != 0)
		pli_session_answer(run->session, event->ask, &accept);
}

static void
take_output(PliSmtpRun *run)
{
	PliOutput head;

	while (pli_session_output(run->session, &head)) {
		g_string_append_len(run->output, (const char *)head.octets.data,
				    (gssize)head.octets.len);
		pli_session_sent(run->session, head.octets.len);
	}
}

static void
pump(PliSmtpRun *run)
{
	PliSessionEvent event;
	PliStep step;

	take_output(run);
	while ((step = pli_session_next(run->session, &event)) ==
	       PLI_STEP_READY) {
		note_event(run, &event);
		take_output(run);
	}
	take_output(run);
	g_assert(step == PLI_STEP_WANT);
}

void
pli_smtp_run_init(PliSmtpRun *run, const PliSmtpConfig *config)
{
	*run = (PliSmtpRun){
		.session = pli_smtp_server_new(config),
		.replies = g_string_new(NULL),
		.output = g_string_new(NULL),
		.message = g_string_new(NULL),
		.names = g_ptr_array_new_with_free_func(g_free),
	};
	pli_session_tick(run->session, 0);
	pump(run);
}

void
pli_smtp_run_clear(PliSmtpRun *run)
{
	pli_session_free(run->session);
	g_string_free(run->replies, TRUE);
	g_string_free(run->output, TRUE);
	g_string_free(run->message, TRUE);
	if (run->ended != NULL)
		g_string_free(run->ended, TRUE);
	g_ptr_array_unref(run->names);
}

gsize
pli_smtp_run_feed(PliSmtpRun *run, PliSlice piece)
{
	gsize used = pli_session_feed(run->session, piece);

	g_assert(used > 0 && used <= piece.len);
	run->at += used;
	pump(run);
	return used;
}

const char *
pli_smtp_run_take_replies(PliSmtpRun *run)
{
	g_auto(GStrv) lines = g_strsplit(run->output->str, "\r\n", -1);

	g_string_truncate(run->replies, 0);
	g_string_truncate(run->output, 0);
	for (guint i = 0; lines[i] != NULL; i++)
		if (lines[i][0] != '\0' && lines[i][3] == ' ')
			g_string_append_len(run->replies, lines[i], 4);
	return run->replies->str;
}
