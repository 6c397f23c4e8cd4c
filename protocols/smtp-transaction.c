/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/smtp-server-priv.h"

/* Nobody waits for the octets of this message any more. */
static void
tell_abort(PliSmtpServer *server, PliSmtpAbortReason reason)
{
	server->abort.reason = reason;
	server->in_message = FALSE;
	pli_smtp_server_tell(server, PLI_SMTP_EVENT_DATA_ABORT, &server->abort);
}

void
pli_smtp_transaction_clear(PliSmtpServer *server)
{
	pli_smtp_mail_clear(server);
	g_clear_pointer(&server->rcpt, pli_smtp_mail_free_rcpt);
	g_clear_pointer(&server->rcpts, g_ptr_array_unref);
	g_clear_pointer(&server->normal, g_byte_array_unref);
	server->abort_reply = NULL;
	server->received = 0;
	server->in_message = FALSE;
	server->is_resumed = FALSE;
	server->has_chunks = FALSE;
	/* XFORWARD is for one transaction */
	pli_smtp_client_clear(&server->forwarded);
	server->counts_message = FALSE;
}

void
pli_smtp_transaction_reset(PliSmtpServer *server)
{
	if (server->in_message || server->is_resumed)
		tell_abort(server, PLI_SMTP_ABORT_RESET);
	pli_smtp_transaction_clear(server);
}

static void
on_mail(PliSmtpServer *server, const PliAnswer *answer)
{
	static const PliSmtpUsual usual = {
		{250, "2.1.0", "sender accepted"},
		{550, "5.7.1", "this sender is not accepted here"},
		{451, "4.3.0", "the sender cannot be checked now, try later"},
	};

	if (answer->verdict == PLI_VERDICT_ACCEPT)
		server->has_mail = TRUE;
	else
		pli_smtp_mail_clear(server);
	if (server->has_mail && answer->detail != NULL &&
	    pli_smtp_checkpoint_resume(server, answer->detail))
		return;
	pli_smtp_server_reply_answer(server, answer, &usual);
}

void
pli_smtp_transaction_ask_mail(PliSmtpServer *server)
{
	server->mail.helo = server->helo;
	server->mail.user = server->user;
	pli_smtp_server_ask(server, PLI_SMTP_EVENT_MAIL, &server->mail,
			    on_mail);
}

void
pli_smtp_transaction_add_rcpt(PliSmtpServer *server)
{
	if (server->rcpts == NULL)
		server->rcpts = g_ptr_array_new_with_free_func(
			pli_smtp_mail_free_rcpt);
	g_ptr_array_add(server->rcpts, g_steal_pointer(&server->rcpt));
}

static void
on_rcpt(PliSmtpServer *server, const PliAnswer *answer)
{
	static const PliSmtpUsual usual = {
		{250, "2.1.5", "recipient accepted"},
		{550, "5.1.1", "there is no such mailbox here"},
		{451, "4.3.0", "the mailbox cannot be checked now, try later"},
	};

	if (answer->verdict == PLI_VERDICT_ACCEPT)
		pli_smtp_transaction_add_rcpt(server);
	else
		g_clear_pointer(&server->rcpt, pli_smtp_mail_free_rcpt);
	pli_smtp_server_reply_answer(server, answer, &usual);
}

void
pli_smtp_transaction_ask_rcpt(PliSmtpServer *server)
{
	if (server->is_resumed) {
		pli_smtp_checkpoint_repeat_rcpt(server);
		return;
	}
	server->rcpt->index = server->rcpts != NULL ? server->rcpts->len : 0;
	pli_smtp_server_ask(server, PLI_SMTP_EVENT_RCPT, server->rcpt, on_rcpt);
}

static const PliSmtpUsual end_usual = {
	{250, "2.0.0", "message accepted"},
	{554, "5.7.1", "this message is not accepted"},
	{451, "4.3.0", "the message cannot be taken now, try later"},
};

/* RFC 2033 4.2: a reply for each accepted recipient, in order. */
static void
reply_each(PliSmtpServer *server, const PliAnswer *answer)
{
	const PliSmtpReplies *each = answer->detail;

	g_assert(each == NULL || each->n_replies == server->rcpts->len);
	for (guint i = 0; i < server->rcpts->len; i++)
		pli_smtp_server_reply_answer(
			server, each != NULL ? &each->replies[i] : answer,
			&end_usual);
}

/* What PRDR says of the message as a whole, once it said it of each. */
static PliSmtpReply
sum_up(const PliSmtpServer *server, const PliAnswer *answer)
{
	const PliSmtpReplies *each = answer->detail;
	gboolean later = FALSE;

	if (each == NULL)
		return pli_smtp_reply_find(answer, &end_usual);
	for (guint i = 0; i < server->rcpts->len; i++) {
		if (each->replies[i].verdict == PLI_VERDICT_ACCEPT)
			return end_usual.accept;
		later |= each->replies[i].verdict == PLI_VERDICT_TEMPORARY;
	}
	return later ? end_usual.temporary : end_usual.refuse;
}

static void
on_data_end(PliSmtpServer *server, const PliAnswer *answer)
{
	static const PliSmtpReply begin_each = {
		353, NULL, "a reply for each recipient follows"};
	PliSmtpReply reply = sum_up(server, answer);

	if (server->config.mode == PLI_SMTP_MODE_LMTP) {
		reply_each(server, answer);
	} else {
		if (server->mail.prdr) {
			pli_smtp_server_reply(server, &begin_each);
			reply_each(server, answer);
		}
		pli_smtp_server_reply(server, &reply);
	}
	pli_smtp_transaction_clear(server);
}

/* LMTP replies for each recipient once the message has ended, be it to a
 * refusal on the way. */
static void
reply_at_end(PliSmtpServer *server, gboolean is_end, const PliSmtpReply *reply)
{
	gboolean each = is_end && server->rcpts != NULL &&
			server->config.mode == PLI_SMTP_MODE_LMTP;
	guint n = each ? server->rcpts->len : 1;

	for (guint i = 0; i < n; i++)
		pli_smtp_server_reply(server, reply);
}

static void
abort_data(PliSmtpServer *server, PliSmtpAbortReason reason,
	   const PliSmtpReply *reply)
{
	server->abort_reply = reply;
	pli_smtp_dots_swallow(&server->dots);
	tell_abort(server, reason);
}

void
pli_smtp_transaction_time_out(PliSmtpServer *server)
{
	if (server->in_message || server->is_resumed)
		tell_abort(server, PLI_SMTP_ABORT_TIMEOUT);
}

/* The last octet has come. */
static void
end_message(PliSmtpServer *server)
{
	server->state = pli_smtp_server_read_line;
	if (server->abort_reply != NULL) {
		reply_at_end(server, TRUE, server->abort_reply);
		pli_smtp_transaction_clear(server);
		return;
	}
	server->in_message = FALSE;
	server->envelope.n_normalised = server->lines.n_changed;
	server->counts_message = FALSE;
	pli_smtp_server_ask(server, PLI_SMTP_EVENT_DATA_END, &server->envelope,
			    on_data_end);
}

static const PliSmtpReply too_big = {
	552, "5.3.4", "the message is bigger than SIZE allows"};
static const PliSmtpReply bad_line = {
	550, "5.6.11",
	"lines must end in CRLF; bare CR, bare LF and NUL are refused"};

static const PliSmtpReply has_nul = {
	550, "5.6.11", "a message must hold no NUL"};

/* Octets that are normalised at a time. */
#define NORMAL_STEP (16 * 1024)

static gboolean
is_normal(const PliSmtpServer *server)
{
	return server->config.normalise_lines &&
	       server->mail.body != PLI_SMTP_BODY_BINARYMIME;
}

static gboolean
is_last_chunk_over(const PliSmtpServer *server)
{
	return server->has_chunks && server->chunk.left == 0 &&
	       server->chunk.is_last;
}

/* All that waits, when nothing of it need be changed; otherwise none. */
static PliSlice
take_whole(PliSmtpServer *server)
{
	PliSlice octets = server->rest;

	if (octets.len == 0 || server->lines.has_cr ||
	    !pli_smtp_line_is_whole(octets, FALSE))
		return PLI_SLICE_NONE;
	server->rest = PLI_SLICE_NONE;
	server->lines.has_cr = octets.data[octets.len - 1] == '\r';
	octets.len -= server->lines.has_cr;
	return octets;
}

/* What some of what waits becomes; FALSE: there is a NUL behind it. */
static gboolean
take_changed(PliSmtpServer *server, PliSlice *ret_octets)
{
	/* after a CR one octet tells, and the rest may be whole */
	gsize n = MIN(server->lines.has_cr ? 1 : NORMAL_STEP,
		      server->rest.len);
	PliSlice octets = {server->rest.data, n};
	gboolean good;

	if (server->normal == NULL)
		server->normal = g_byte_array_new();
	g_byte_array_set_size(server->normal, 0);
	good = pli_smtp_line_take(&server->lines, octets, server->normal);
	server->rest = pli_slice_skip(server->rest, n);
	if (good && server->rest.len == 0 && is_last_chunk_over(server))
		pli_smtp_line_finish(&server->lines, server->normal);
	*ret_octets = pli_slice_new(server->normal->data, server->normal->len);
	return good;
}

static void
end_chunk(PliSmtpServer *server);

/* The next of the octets that wait; then those after it, or the chunk's end. */
static void
give_normal(PliSmtpServer *server)
{
	guint64 limit = server->config.size_limit;
	PliSlice octets = take_whole(server);
	gboolean good = TRUE;

	if (octets.len == 0)
		good = take_changed(server, &octets);
	server->received += octets.len;
	if (limit > 0 && server->received > limit) {
		abort_data(server, PLI_SMTP_ABORT_TOO_BIG, &too_big);
	} else if (!good) {
		abort_data(server, PLI_SMTP_ABORT_BAD_LINE, &has_nul);
	} else if (octets.len > 0) {
		pli_smtp_server_tell(server, PLI_SMTP_EVENT_DATA, NULL);
		server->event.octets = octets;
	}
	if (server->abort_reply == NULL &&
	    (server->rest.len > 0 ||
	     (server->lines.has_cr && is_last_chunk_over(server))))
		server->then = give_normal;
	else if (server->has_chunks && server->chunk.left == 0)
		server->then = end_chunk;
}

static gsize
read_data(PliSmtpServer *server, PliSlice in)
{
	PliSlice octets;
	gsize used;
	PliSmtpDotsResult result =
		pli_smtp_dots_take(&server->dots, in, &octets, &used);
	guint64 limit = server->config.size_limit;

	server->achieved = TRUE;
	server->message_octets += used;
	if (is_normal(server) && octets.len > 0) {
		server->lines.has_cr |= server->dots.owes_cr;
		server->dots.owes_cr = FALSE;
		server->rest = octets;
		give_normal(server);
		return used;
	}
	server->received += octets.len;
	if (server->abort_reply == NULL && limit > 0 &&
	    server->received > limit) {
		abort_data(server, PLI_SMTP_ABORT_TOO_BIG, &too_big);
	} else if (result == PLI_SMTP_DOTS_BAD) {
		abort_data(server, PLI_SMTP_ABORT_BAD_LINE, &bad_line);
	} else if (result == PLI_SMTP_DOTS_END) {
		end_message(server);
	} else if (octets.len > 0) {
		pli_smtp_server_tell(server, PLI_SMTP_EVENT_DATA, NULL);
		server->event.octets = octets;
	}
	return used;
}

static const PliSmtpUsual begin_usual = {
	{250, "2.0.0", ""},
	{554, "5.7.1", "no message is accepted in this transaction"},
	{451, "4.3.0", "no message can be taken now, try later"},
};

static void
on_data_begin(PliSmtpServer *server, const PliAnswer *answer)
{
	static const PliSmtpReply go_on = {
		354, NULL, "send the message; end it with <CRLF>.<CRLF>"};

	if (answer->verdict != PLI_VERDICT_ACCEPT) {
		pli_smtp_server_reply_answer(server, answer, &begin_usual);
		pli_smtp_transaction_clear(server);
		return;
	}
	pli_smtp_dots_init(&server->dots);
	server->dots.is_lenient = server->config.normalise_lines;
	pli_smtp_deadline_begin_message(server);
	server->in_message = TRUE;
	server->state = read_data;
	if (server->is_resumed)
		pli_smtp_checkpoint_invite(server);
	else
		pli_smtp_server_reply(server, &go_on);
}

/* RFC 3848, RFC 6531 4.3. */
static const char *
protocol_name(const PliSmtpServer *server)
{
	static const char *const names[][4] = {
		{"ESMTP", "ESMTPS", "ESMTPA", "ESMTPSA"},
		{"LMTP", "LMTPS", "LMTPA", "LMTPSA"},
		{"UTF8SMTP", "UTF8SMTPS", "UTF8SMTPA", "UTF8SMTPSA"},
		{"UTF8LMTP", "UTF8LMTPS", "UTF8LMTPA", "UTF8LMTPSA"},
	};
	guint row = server->config.mode == PLI_SMTP_MODE_LMTP ? 1 : 0;

	if (!server->is_esmtp)
		return "SMTP";
	row += server->mail.utf8 ? 2 : 0;
	return names[row][(server->is_tls ? 1 : 0) +
			  (server->user != NULL ? 2 : 0)];
}

static void
ask_begin(PliSmtpServer *server, PliSmtpOnAnswer on_answer)
{
	server->lines = (PliSmtpLine){0};
	server->rest = PLI_SLICE_NONE;
	server->envelope = (PliSmtpEnvelope){
		.mail = &server->mail,
		.recipients = (const PliSmtpRcpt *const *)server->rcpts->pdata,
		.n_recipients = server->rcpts->len,
		.helo = server->helo,
		.protocol = protocol_name(server),
		.peer = server->config.peer,
		.user = server->user,
		.offset = server->is_resumed ? server->received : 0,
		.tls = server->is_tls ? &server->tls : NULL,
		.forwarded = server->forwarded.told != 0 ? &server->forwarded
							 : NULL,
	};
	pli_smtp_server_ask(server, PLI_SMTP_EVENT_DATA_BEGIN,
			    &server->envelope, on_answer);
}

const PliSmtpReply *
pli_smtp_transaction_check_data(const PliSmtpServer *server)
{
	static const PliSmtpReply by_chunks = {
		503, "5.5.1", "BODY=BINARYMIME is sent by BDAT"};

	return server->mail.body == PLI_SMTP_BODY_BINARYMIME ? &by_chunks
							     : NULL;
}

void
pli_smtp_transaction_ask_data(PliSmtpServer *server)
{
	ask_begin(server, on_data_begin);
}

/* BDAT */

/* A size that passes the limit by more closes the connection. */
#define ABSURD (G_GUINT64_CONSTANT(1) << 31)

static PliSmtpChunkResult
read_size(const PliSmtpServer *server, PliSmtpChunk *chunk, PliSlice args)
{
	guint64 limit = server->config.size_limit;

	return pli_smtp_chunk_parse(chunk, args,
				    limit > 0 ? limit + ABSURD : G_MAXINT64);
}

/* What follows either cannot be told from commands, or would never end. */
static const PliSmtpReply no_size = {
	501, "5.5.4", "BDAT must be followed by a size; what follows cannot "
		      "be told from commands, closing"};
static const PliSmtpReply absurd = {552, "5.3.4",
				    "no message has such a size, closing"};

const PliSmtpReply *
pli_smtp_transaction_parse_chunk(PliSmtpServer *server, PliSlice args)
{
	static const PliSmtpReply no_last = {
		501, "5.5.4", "only LAST may follow the size"};
	guint64 limit = server->config.size_limit;

	switch (read_size(server, &server->chunk, args)) {
	case PLI_SMTP_CHUNK_NO_SIZE: return &no_size;
	case PLI_SMTP_CHUNK_ABSURD: return &absurd;
	case PLI_SMTP_CHUNK_NO_LAST: return &no_last;
	case PLI_SMTP_CHUNK_OK: break;
	}
	return limit > 0 && server->chunk.left > limit - server->received
		       ? &too_big
		       : NULL;
}

/* Octets of a chunk that nobody wants. */
static gsize
swallow_chunk(PliSmtpServer *server, PliSlice in)
{
	gsize n = MIN(in.len, server->chunk.left);

	server->achieved = TRUE;
	server->message_octets += n;
	server->chunk.left -= n;
	if (server->chunk.left == 0) {
		server->state = pli_smtp_server_read_line;
		server->counts_message = FALSE;
	}
	return n;
}

/* The transaction is over; the octets still come. */
static void
drop_chunk(PliSmtpServer *server)
{
	pli_smtp_transaction_reset(server);
	if (server->chunk.left == 0)
		return;
	server->state = swallow_chunk;
	pli_smtp_deadline_begin_message(server);
}

void
pli_smtp_transaction_refuse_chunk(PliSmtpServer *server, PliSlice args,
				  const PliSmtpReply *fault)
{
	PliSmtpChunkResult result = read_size(server, &server->chunk, args);

	if (result == PLI_SMTP_CHUNK_NO_SIZE ||
	    result == PLI_SMTP_CHUNK_ABSURD) {
		pli_smtp_server_reply(
			server,
			result == PLI_SMTP_CHUNK_ABSURD ? &absurd : &no_size);
		pli_smtp_server_close(server);
		return;
	}
	server->errors++;
	reply_at_end(server, server->chunk.is_last, fault);
	drop_chunk(server);
	pli_smtp_server_check_errors(server);
}

static void
end_chunk(PliSmtpServer *server)
{
	g_autofree char *text = NULL;

	server->state = pli_smtp_server_read_line;
	if (server->abort_reply != NULL) {
		reply_at_end(server, server->chunk.is_last,
			     server->abort_reply);
		pli_smtp_transaction_clear(server);
	} else if (server->chunk.is_last) {
		end_message(server);
	} else {
		text = g_strdup_printf("%" G_GUINT64_FORMAT
				       " octets received so far",
				       server->received);
		pli_smtp_server_reply(server,
				      &(PliSmtpReply){250, "2.0.0", text});
	}
}

static gsize
read_chunk(PliSmtpServer *server, PliSlice in)
{
	PliSlice octets;
	gboolean good = pli_smtp_chunk_take(&server->chunk, in, &octets);

	server->achieved = TRUE;
	server->message_octets += octets.len;
	if (server->chunk.left == 0)
		server->then = end_chunk;
	if (server->abort_reply != NULL)
		return octets.len;
	if (is_normal(server)) {
		server->rest = octets;
		give_normal(server);
		return octets.len;
	}
	server->received += octets.len;
	if (server->chunk.left == 0 && server->chunk.is_last)
		good = good && pli_smtp_chunk_finish(&server->chunk);
	if (!good) {
		abort_data(server, PLI_SMTP_ABORT_BAD_LINE, &bad_line);
		return octets.len;
	}
	pli_smtp_server_tell(server, PLI_SMTP_EVENT_DATA, NULL);
	server->event.octets = octets;
	return octets.len;
}

static void
begin_chunk(PliSmtpServer *server)
{
	server->state = read_chunk;
	if (server->chunk.left > 0)
		return;
	/* LAST may come without octets: what came before ends here */
	if (server->chunk.is_last && server->lines.has_cr) {
		give_normal(server);
		return;
	}
	if (server->chunk.is_last && !pli_smtp_chunk_finish(&server->chunk))
		abort_data(server, PLI_SMTP_ABORT_BAD_LINE, &bad_line);
	end_chunk(server);
}

static void
on_chunk_begin(PliSmtpServer *server, const PliAnswer *answer)
{
	PliSmtpReply reply = pli_smtp_reply_find(answer, &begin_usual);

	if (answer->verdict != PLI_VERDICT_ACCEPT) {
		reply_at_end(server, server->chunk.is_last, &reply);
		drop_chunk(server);
		return;
	}
	server->chunk.has_cr = FALSE;
	server->chunk.is_binary =
		server->mail.body == PLI_SMTP_BODY_BINARYMIME ||
		is_normal(server);
	server->has_chunks = TRUE;
	server->in_message = TRUE;
	pli_smtp_deadline_begin_message(server);
	begin_chunk(server);
}

void
pli_smtp_transaction_ask_chunk(PliSmtpServer *server)
{
	if (server->has_chunks)
		begin_chunk(server);
	else
		ask_begin(server, on_chunk_begin);
}
