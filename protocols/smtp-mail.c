/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What MAIL and RCPT say: path and parameters. */
#include "engine/utf8.h"
#include "protocols/smtp-param.h"
#include "protocols/smtp-server-priv.h"

#define ENVID_MAX 100 /* RFC 3461 4.4 */
#define ORCPT_MAX 500 /* RFC 3461 4.2 */
#define AUTH_MAX 500  /* RFC 4954 5 */

/* Takes "FROM:" or "TO:" and the spaces that some put after it away. */
static gboolean
take_label(PliSlice *args, const char *label)
{
	gsize n = strlen(label);

	if (args->len < n || !pli_slice_is(pli_slice_new(args->data, n), label))
		return FALSE;
	*args = pli_slice_skip(*args, n);
	while (args->len > 0 && args->data[0] == ' ')
		*args = pli_slice_skip(*args, 1);
	return TRUE;
}

/* Reads the path that `args` begins with; what follows it stays in *args. */
static const PliSmtpReply *
take_path(PliSmtpServer *server, PliSlice *args, PliSmtpPathFlags flags,
	  const char *status, PliSmtpPath **ret_path)
{
	static const PliSmtpReply no_space = {
		501, "5.5.4", "a space was expected after the >"};
	PliSmtpPath *path;
	gsize used;
	PliSmtpPathResult result =
		pli_smtp_path_parse(*args, flags, &path, &used);

	if (result != PLI_SMTP_PATH_OK) {
		gboolean ascii = result != PLI_SMTP_PATH_NOT_ASCII;

		server->path_fault = (PliSmtpReply){
			ascii ? 501 : 553, ascii ? status : "5.6.7",
			pli_smtp_path_get_text(result)};
		return &server->path_fault;
	}
	*args = pli_slice_skip(*args, used);
	if (args->len > 0 && args->data[0] != ' ') {
		pli_smtp_path_free(path);
		return &no_space;
	}
	*ret_path = path;
	return NULL;
}

/* The parameters of MAIL. */

static const PliSmtpReply *
read_size(PliSmtpServer *server, PliSlice value)
{
	static const PliSmtpReply no_size = {
		501, "5.5.4", "SIZE= must be followed by 1 to 20 digits"};
	static const PliSmtpReply too_big = {
		552, "5.3.4", "the message is bigger than SIZE allows"};
	guint64 limit = server->config.size_limit;

	if (!pli_smtp_param_parse_size(value, &server->mail.size))
		return &no_size;
	return limit > 0 && server->mail.size > limit ? &too_big : NULL;
}

static const PliSmtpReply *
read_body(PliSmtpServer *server, PliSlice value)
{
	static const PliSmtpReply no_body = {
		501, "5.5.4", "BODY= must be followed by 7BIT or 8BITMIME"};
	static const PliSmtpReply no_binary = {
		501, "5.5.4",
		"BODY= must be followed by 7BIT, 8BITMIME or BINARYMIME"};
	gboolean binary =
		pli_smtp_server_has_offer(server, PLI_SMTP_OFFER_BINARYMIME);

	if (pli_slice_is(value, "8BITMIME"))
		server->mail.body = PLI_SMTP_BODY_8BITMIME;
	else if (binary && pli_slice_is(value, "BINARYMIME"))
		server->mail.body = PLI_SMTP_BODY_BINARYMIME;
	else if (!pli_slice_is(value, "7BIT"))
		return binary ? &no_binary : &no_body;
	return NULL;
}

/* A keyword that has no value sets a flag. */
static const PliSmtpReply *
read_flag(PliSlice value, gboolean *flag)
{
	static const PliSmtpReply no_value = {
		501, "5.5.4", "this parameter takes no value"};

	*flag = TRUE;
	return value.data != NULL ? &no_value : NULL;
}

static const PliSmtpReply *
read_utf8(PliSmtpServer *server, PliSlice value)
{
	return read_flag(value, &server->mail.utf8);
}

static const PliSmtpReply *
read_prdr(PliSmtpServer *server, PliSlice value)
{
	return read_flag(value, &server->mail.prdr);
}

static const PliSmtpReply *
read_require_tls(PliSmtpServer *server, PliSlice value)
{
	static const PliSmtpReply no_tls = {
		530, "5.7.0", "REQUIRETLS needs TLS: STARTTLS was expected "
			      "first"};

	if (!server->is_tls)
		return &no_tls;
	return read_flag(value, &server->mail.require_tls);
}

static const PliSmtpReply *
read_ret(PliSmtpServer *server, PliSlice value)
{
	static const PliSmtpReply no_ret = {
		501, "5.5.4", "RET= must be followed by FULL or HDRS"};

	if (pli_slice_is(value, "FULL"))
		server->mail.ret = PLI_SMTP_RET_FULL;
	else if (pli_slice_is(value, "HDRS"))
		server->mail.ret = PLI_SMTP_RET_HDRS;
	else
		return &no_ret;
	return NULL;
}

static const PliSmtpReply *
read_envid(PliSmtpServer *server, PliSlice value)
{
	static const PliSmtpReply no_envid = {
		501, "5.5.4",
		"ENVID= must be followed by at most 100 octets of xtext"};
	char *text = value.len <= ENVID_MAX ? pli_smtp_param_dup_xtext(value)
					    : NULL;

	server->mail.envid = text;
	return text == NULL ? &no_envid : NULL;
}

static const PliSmtpReply *
read_auth(PliSmtpServer *server, PliSlice value)
{
	static const PliSmtpReply no_auth = {
		501, "5.5.4",
		"AUTH= must be followed by <> or a mailbox as xtext"};
	char *text = value.len <= AUTH_MAX ? pli_smtp_param_dup_xtext(value)
					   : NULL;

	server->mail.auth = text;
	return text == NULL ? &no_auth : NULL;
}

static const PliSmtpReply *
read_by(PliSmtpServer *server, PliSlice value)
{
	static const PliSmtpReply no_by = {
		501, "5.5.4",
		"BY= must be followed by seconds;R or seconds;N, and T for a "
		"trace"};
	static const PliSmtpReply past = {
		501, "5.5.4", "a time for return must be at least a second"};
	PliSmtpMail *mail = &server->mail;
	const guint8 *semicolon =
		value.len > 0 ? memchr(value.data, ';', value.len) : NULL;
	PliSlice seconds = value;
	PliSlice mode;

	if (semicolon == NULL)
		return &no_by;
	seconds.len = semicolon - value.data;
	mode = pli_slice_skip(value, seconds.len + 1);
	if (!pli_smtp_param_parse_signed(seconds, 9, &mail->by_seconds))
		return &no_by;
	mail->by_trace = mode.len == 2 && (mode.data[1] | 0x20) == 't';
	mode.len -= mail->by_trace ? 1 : 0;
	if (pli_slice_is(mode, "R"))
		mail->by = PLI_SMTP_BY_RETURN;
	else if (pli_slice_is(mode, "N"))
		mail->by = PLI_SMTP_BY_NOTIFY;
	else
		return &no_by;
	return mail->by == PLI_SMTP_BY_RETURN && mail->by_seconds <= 0 ? &past
								       : NULL;
}

static const PliSmtpReply *
read_priority(PliSmtpServer *server, PliSlice value)
{
	static const PliSmtpReply no_priority = {
		501, "5.5.4", "MT-PRIORITY= must be followed by -9 to 9"};

	return pli_smtp_param_parse_signed(value, 1, &server->mail.priority)
		       ? NULL
		       : &no_priority;
}

static const PliSmtpReply held_twice = {
	501, "5.5.4", "HOLDFOR and HOLDUNTIL exclude each other"};
static const PliSmtpReply held_long = {
	501, "5.5.4", "that is longer than FUTURERELEASE in EHLO's reply says"};

static const PliSmtpReply *
read_hold_for(PliSmtpServer *server, PliSlice value)
{
	static const PliSmtpReply no_time = {
		501, "5.5.4",
		"HOLDFOR= must be followed by 1 to 999999999 seconds"};
	guint64 seconds;

	if (server->mail.hold_until != NULL)
		return &held_twice;
	if (value.len > 9 || !pli_smtp_param_parse_size(value, &seconds) ||
	    seconds == 0)
		return &no_time;
	server->mail.hold_seconds = (guint32)seconds;
	return seconds > server->config.max_hold_seconds ? &held_long : NULL;
}

static const PliSmtpReply *
read_hold_until(PliSmtpServer *server, PliSlice value)
{
	static const PliSmtpReply no_time = {
		501, "5.5.4",
		"HOLDUNTIL= must be followed by a time such as "
		"2030-01-31T12:00:00Z"};
	gint64 seconds;

	if (server->mail.hold_seconds > 0)
		return &held_twice;
	if (!pli_smtp_param_parse_time(value, &seconds))
		return &no_time;
	server->mail.hold_until = pli_slice_dup(value);
	return seconds > server->config.max_hold_until ? &held_long : NULL;
}

static const PliSmtpReply *
read_transid(PliSmtpServer *server, PliSlice value)
{
	static const PliSmtpReply no_transid = {
		501, "5.5.4",
		"TRANSID= must be followed by <local@domain>, of at most 80 "
		"octets and without quotes"};

	if (!pli_smtp_param_is_transid(value))
		return &no_transid;
	server->mail.transid = pli_slice_dup(value);
	return NULL;
}

/* The parameters of RCPT. */

static const PliSmtpReply *
read_notify(PliSmtpServer *server, PliSlice value)
{
	static const PliSmtpReply no_notify = {
		501, "5.5.4",
		"NOTIFY= must be followed by NEVER, or by some of SUCCESS, "
		"FAILURE and DELAY with commas between them"};
	static const char *const words[] = {"NEVER", "SUCCESS", "FAILURE",
					    "DELAY"};
	PliSlice rest = value;
	guint seen = 0;

	while (rest.data != NULL) {
		const guint8 *comma =
			rest.len > 0 ? memchr(rest.data, ',', rest.len) : NULL;
		PliSlice word = rest;
		guint i = 0;

		if (comma != NULL)
			word.len = comma - rest.data;
		rest = comma != NULL ? pli_slice_skip(rest, word.len + 1)
				     : PLI_SLICE_NONE;
		while (i < G_N_ELEMENTS(words) &&
		       !pli_slice_is(word, words[i]))
			i++;
		if (i == G_N_ELEMENTS(words))
			return &no_notify;
		seen |= 1u << i;
	}
	if (seen == 0 ||
	    (seen & PLI_SMTP_NOTIFY_NEVER && seen != PLI_SMTP_NOTIFY_NEVER))
		return &no_notify;
	server->rcpt->notify = seen;
	return NULL;
}

static const PliSmtpReply *
read_orcpt(PliSmtpServer *server, PliSlice value)
{
	static const PliSmtpReply no_orcpt = {
		501, "5.5.4",
		"ORCPT= must be followed by a type, ; and xtext, such as "
		"rfc822;bob@example.org"};
	const guint8 *semicolon =
		value.len > 0 ? memchr(value.data, ';', value.len) : NULL;
	char *text = value.len <= ORCPT_MAX ? pli_smtp_param_dup_xtext(value)
					    : NULL;

	server->rcpt->orcpt = text;
	if (text == NULL || semicolon == NULL || semicolon == value.data)
		return &no_orcpt;
	for (const guint8 *p = value.data; p < semicolon; p++)
		if (!g_ascii_isalnum(*p) && *p != '-')
			return &no_orcpt;
	return NULL;
}

/* One row a parameter; it is taken when what it needs (0: nothing) is
 * offered. */
typedef struct {
	const char *keyword;
	const PliSmtpReply *(*read)(PliSmtpServer *server, PliSlice value);
	PliSmtpOffers offer;
} ParamRow;

static const ParamRow mail_params[] = {
	{"SIZE", read_size, 0},
	{"BODY", read_body, 0},
	{"SMTPUTF8", read_utf8, PLI_SMTP_OFFER_SMTPUTF8},
	{"PRDR", read_prdr, PLI_SMTP_OFFER_PRDR},
	{"RET", read_ret, PLI_SMTP_OFFER_DSN},
	{"ENVID", read_envid, PLI_SMTP_OFFER_DSN},
	{"AUTH", read_auth, PLI_SMTP_OFFER_AUTH},
	{"BY", read_by, PLI_SMTP_OFFER_DELIVERBY},
	{"MT-PRIORITY", read_priority, PLI_SMTP_OFFER_MT_PRIORITY},
	{"REQUIRETLS", read_require_tls, PLI_SMTP_OFFER_REQUIRETLS},
	{"HOLDFOR", read_hold_for, PLI_SMTP_OFFER_FUTURE_RELEASE},
	{"HOLDUNTIL", read_hold_until, PLI_SMTP_OFFER_FUTURE_RELEASE},
	{"TRANSID", read_transid, PLI_SMTP_OFFER_CHECKPOINT},
	{NULL, NULL, 0},
};

static const ParamRow rcpt_params[] = {
	{"NOTIFY", read_notify, PLI_SMTP_OFFER_DSN},
	{"ORCPT", read_orcpt, PLI_SMTP_OFFER_DSN},
	{NULL, NULL, 0},
};

static const PliSmtpReply *
read_params(PliSmtpServer *server, PliSlice args, const ParamRow *rows)
{
	static const PliSmtpReply malformed = {
		501, "5.5.4", "KEYWORD or KEYWORD=value was expected"};
	static const PliSmtpReply unknown = {
		555, "5.5.4", "a parameter that EHLO did not offer"};
	static const PliSmtpReply twice = {501, "5.5.4",
					   "a parameter was given twice"};
	const PliSmtpReply *fault = NULL;
	PliSmtpParam param;
	guint seen = 0;
	PliStep step = PLI_STEP_WANT;

	while (fault == NULL &&
	       (step = pli_smtp_param_next(&args, &param)) == PLI_STEP_READY) {
		guint i = 0;

		while (rows[i].keyword != NULL &&
		       !pli_slice_is(param.keyword, rows[i].keyword))
			i++;
		if (rows[i].keyword == NULL ||
		    !pli_smtp_server_has_offer(server, rows[i].offer))
			fault = &unknown;
		else if (seen & 1u << i)
			fault = &twice;
		else
			fault = rows[i].read(server, param.value);
		seen |= 1u << i;
	}
	return step == PLI_STEP_FAIL ? &malformed : fault;
}

static char *
dup_params(PliSlice args)
{
	return pli_slice_dup(pli_slice_trim(args));
}

const PliSmtpReply *
pli_smtp_mail_check(const PliSmtpServer *server)
{
	static const PliSmtpReply auth_first = {
		530, "5.7.0", "AUTH was expected first"};
	static const PliSmtpReply tls_first = {
		530, "5.7.0", "STARTTLS was expected first, then AUTH"};
	gboolean could =
		pli_smtp_server_has_offer(server, PLI_SMTP_OFFER_STARTTLS) &&
		!server->is_tls && !server->config.allow_clear;

	if (!server->config.require_auth || server->user != NULL)
		return NULL;
	return could ? &tls_first : &auth_first;
}

const PliSmtpReply *
pli_smtp_mail_parse(PliSmtpServer *server, PliSlice args)
{
	static const PliSmtpReply no_from = {
		501, "5.5.4", "MAIL FROM:<address> was expected"};
	static const PliSmtpReply no_utf8 = {
		553, "5.6.7",
		"an address that is not ASCII needs SMTPUTF8 behind it"};
	PliSmtpPathFlags flags = PLI_SMTP_PATH_NULL;
	const PliSmtpReply *fault;
	PliSmtpPath *path;

	if (pli_smtp_server_has_offer(server, PLI_SMTP_OFFER_SMTPUTF8))
		flags |= PLI_SMTP_PATH_UTF8;
	if (!take_label(&args, "FROM:"))
		return &no_from;
	fault = take_path(server, &args, flags, "5.1.7", &path);
	if (fault != NULL)
		return fault;
	server->mail.path = path;
	fault = read_params(server, args, mail_params);
	if (fault == NULL && !server->mail.utf8 &&
	    !pli_utf8_is_ascii(pli_slice_from_string(path->original)))
		fault = &no_utf8;
	if (fault != NULL)
		pli_smtp_mail_clear(server);
	else
		server->mail.parameters = dup_params(args);
	return fault;
}

void
pli_smtp_mail_clear(PliSmtpServer *server)
{
	pli_smtp_path_free((PliSmtpPath *)server->mail.path);
	g_free((char *)server->mail.hold_until);
	g_free((char *)server->mail.envid);
	g_free((char *)server->mail.auth);
	g_free((char *)server->mail.transid);
	g_free((char *)server->mail.parameters);
	server->mail = (PliSmtpMail){0};
	server->has_mail = FALSE;
}

const PliSmtpReply *
pli_smtp_mail_check_rcpt(const PliSmtpServer *server)
{
	static const PliSmtpReply too_many = {
		452, "4.5.3", "too many recipients, send the rest later"};

	return server->rcpts != NULL && server->rcpts->len >=
						server->config.max_recipients
		       ? &too_many
		       : NULL;
}

const PliSmtpReply *
pli_smtp_mail_parse_rcpt(PliSmtpServer *server, PliSlice args)
{
	static const PliSmtpReply no_to = {501, "5.5.4",
					   "RCPT TO:<address> was expected"};
	PliSmtpPathFlags flags = PLI_SMTP_PATH_POSTMASTER;
	const PliSmtpReply *fault;
	PliSmtpPath *path;

	if (server->config.allow_bare)
		flags |= PLI_SMTP_PATH_BARE;
	if (server->mail.utf8)
		flags |= PLI_SMTP_PATH_UTF8;
	if (!take_label(&args, "TO:"))
		return &no_to;
	fault = take_path(server, &args, flags, "5.1.3", &path);
	if (fault != NULL)
		return fault;
	server->rcpt = g_new0(PliSmtpRcpt, 1);
	server->rcpt->path = path;
	fault = read_params(server, args, rcpt_params);
	if (fault != NULL)
		g_clear_pointer(&server->rcpt, pli_smtp_mail_free_rcpt);
	else
		server->rcpt->parameters = dup_params(args);
	return fault;
}

void
pli_smtp_mail_free_rcpt(gpointer data)
{
	PliSmtpRcpt *rcpt = data;

	if (rcpt == NULL)
		return;
	pli_smtp_path_free((PliSmtpPath *)rcpt->path);
	g_free((char *)rcpt->orcpt);
	g_free((char *)rcpt->parameters);
	g_free(rcpt);
}
