/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/smtp-reply.h"

void
pli_smtp_reply_format_line(const PliSmtpReply *reply, gboolean last,
			   PliOutputQueue *output)
{
	char line[4 + 12 + PLI_SMTP_REPLY_TEXT_MAX + 3];
	int head;
	gsize n;
	gsize max;

	head = g_snprintf(line, 4 + 12 + 1, "%03d%c%.10s%s", reply->code,
			  last ? ' ' : '-',
			  reply->status != NULL ? reply->status : "",
			  reply->status != NULL ? " " : "");
	n = (gsize)head;
	max = n + PLI_SMTP_REPLY_TEXT_MAX;
	for (const char *s = reply->text; *s != '\0' && n < max; s++)
		line[n++] = g_ascii_isprint(*s) ? *s : '?';
	line[n++] = '\r';
	line[n++] = '\n';
	pli_output_append(output, pli_slice_new(line, n));
}

void
pli_smtp_reply_format(const PliSmtpReply *reply, PliOutputQueue *output)
{
	pli_smtp_reply_format_line(reply, TRUE, output);
}

/* The enhanced status that usually goes with a code (RFC 3463, RFC 5248). */
static const char *
status_of_code(int code)
{
	static const struct {
		int code;
		const char *status;
	} usual[] = {
		{250, "2.0.0"}, {251, "2.1.5"}, {252, "2.0.0"}, {421, "4.3.2"},
		{450, "4.2.0"}, {451, "4.3.0"}, {452, "4.3.1"}, {455, "4.5.4"},
		{550, "5.7.1"}, {551, "5.1.6"}, {552, "5.3.4"}, {553, "5.1.3"},
		{554, "5.7.1"}, {555, "5.5.4"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(usual); i++)
		if (usual[i].code == code)
			return usual[i].status;
	return code < 400 ? "2.0.0" : code < 500 ? "4.0.0" : "5.0.0";
}

/* class "." subject "." detail, of the code's own class (RFC 3463 2) */
static gboolean
status_fits(const char *status, int code)
{
	guint dots = 0;
	guint digits = 0;

	if (status[0] != '0' + code / 100 || status[1] != '.')
		return FALSE;
	for (const char *s = status + 1; *s != '\0'; s++) {
		if (*s == '.') {
			if (dots > 0 && digits == 0)
				return FALSE;
			dots++;
			digits = 0;
		} else if (!g_ascii_isdigit(*s) || ++digits > 3) {
			return FALSE;
		}
	}
	return dots == 2 && digits > 0;
}

PliSmtpReply
pli_smtp_reply_find(const PliAnswer *answer, const PliSmtpUsual *usual)
{
	PliSmtpReply reply = usual->accept;

	if (answer->verdict == PLI_VERDICT_REFUSE)
		reply = usual->refuse;
	else if (answer->verdict == PLI_VERDICT_TEMPORARY)
		reply = usual->temporary;
	if (answer->code != reply.code &&
	    answer->code / 100 == reply.code / 100) {
		reply.code = answer->code;
		reply.status = status_of_code(answer->code);
	}
	if (answer->status != NULL && status_fits(answer->status, reply.code))
		reply.status = answer->status;
	if (answer->text != NULL)
		reply.text = answer->text;
	return reply;
}
