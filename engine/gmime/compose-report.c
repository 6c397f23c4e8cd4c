/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/gmime/compose-report.h"

#include "engine/date.h"

/* The fields of the second part, groups of them, being written. */
typedef struct {
	PliBuf out;
	GError *error;
} Fields;

static void
set_error(Fields *fields, PliEntityError code, const char *name,
	  const char *what)
{
	if (fields->error == NULL)
		g_set_error(&fields->error, PLI_ENTITY_ERROR, code, "%s: %s",
			    name, what);
}

static void
add(Fields *fields, const char *name, const char *value)
{
	if (value == NULL || fields->error != NULL)
		return;
	if (*value == '\0') {
		set_error(fields, PLI_ENTITY_ERROR_VALUE, name,
			  "a value is expected");
		return;
	}
	pli_header_writer_add_structured(
		&fields->out, PLI_HEADER_WRITER_ASCII, name,
		pli_slice_from_string(value), &fields->error);
}

static void
add_needed(Fields *fields, const char *name, const char *value)
{
	if (value == NULL)
		set_error(fields, PLI_ENTITY_ERROR_MISSING, name,
			  "a value is expected");
	add(fields, name, value);
}

/* "dns; mx.example.org" (RFC 3464 2.1.2) */
static void
add_typed(Fields *fields, const char *name, const char *type,
	  const char *value)
{
	g_autofree char *text = NULL;

	if (value == NULL)
		return;
	text = g_strdup_printf("%s; %s", type, value);
	add(fields, name, text);
}

/* What a remote server said: any octets. */
static void
add_reply(Fields *fields, const char *name, const char *reply)
{
	g_autofree char *text = g_strdup(reply != NULL ? reply : "");

	for (char *p = text; *p != '\0'; p++)
		if (g_ascii_iscntrl(*p))
			*p = ' ';
		else if (!g_ascii_isprint(*p))
			*p = '?';
	if (reply != NULL)
		add_typed(fields, name, "smtp", g_strstrip(text));
}

/* RFC 6533 3: utf-8-addr-xtext, where it is not US-ASCII. */
static void
add_address(Fields *fields, const char *name, const char *address)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (address == NULL)
		return;
	if (!g_utf8_validate(address, -1, NULL)) {
		set_error(fields, PLI_ENTITY_ERROR_VALUE, name,
			  "an address in UTF-8 is expected");
		return;
	}
	if (g_str_is_ascii(address)) {
		add_typed(fields, name, "rfc822", address);
		return;
	}
	for (const char *p = address; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (c > 0x20 && c < 0x7f && c != '+' && c != '=' && c != '\\')
			g_string_append_c(text, (char)c);
		else
			g_string_append_printf(text, "\\x{%02X}", c);
	}
	add_typed(fields, name, "utf-8", text->str);
}

static void
add_date(Fields *fields, const char *name, gint64 seconds)
{
	char text[40];

	if (seconds == 0)
		return;
	pli_date_format(seconds, 0, text);
	add(fields, name, text);
}

static void
end_group(Fields *fields)
{
	if (fields->error == NULL &&
	    !pli_buf_append_string(&fields->out, "\r\n"))
		set_error(fields, PLI_ENTITY_ERROR_LARGE, "the report",
			  "more octets than the limit");
}

/* Three parts, the last of them optional (RFC 6522 3). Clears `fields`. */
static GBytes *
new_report(PliEntityWriter *writer, const PliComposeReport *report,
	   const char *type, Fields *fields, GError **error)
{
	g_autoptr(GPtrArray) parts =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	g_autofree char *full = g_strdup_printf("message/%s", type);
	const PliHeaderWriterParam param = {PLI_SLICE_LITERAL("report-type"),
					    pli_slice_from_string(type)};
	g_auto(PliBuf) out = fields->out;
	PliEntityLeaf text = {.type = "text/plain", .is_text = TRUE};
	PliEntityLeaf second = {.type = full, .is_text = TRUE};
	GBytes *part;
	PliSlice octets;

	if (fields->error == NULL && report->text == NULL)
		set_error(fields, PLI_ENTITY_ERROR_MISSING, "text",
			  "words for people are expected");
	if (fields->error != NULL) {
		g_propagate_error(error, fields->error);
		return NULL;
	}
	text.octets = pli_slice_from_string(report->text);
	second.octets = pli_buf_slice(&out);
	part = pli_entity_new_leaf(writer, &text, error);
	if (part == NULL)
		return NULL;
	g_ptr_array_add(parts, part);
	part = pli_entity_new_leaf(writer, &second, error);
	if (part == NULL)
		return NULL;
	g_ptr_array_add(parts, part);
	if (report->original != NULL) {
		octets = pli_slice_from_bytes(report->original);
		part = pli_entity_new_message(writer, octets,
					      report->only_header, error);
		if (part == NULL)
			return NULL;
		g_ptr_array_add(parts, part);
	}
	return pli_entity_new_multipart(writer, "report", &param, 1,
					(GBytes *const *)parts->pdata,
					parts->len, error);
}

static gboolean
is_one_of(const char *value, const char *const *words)
{
	for (; *words != NULL; words++)
		if (value != NULL && g_ascii_strcasecmp(value, *words) == 0)
			return TRUE;
	return FALSE;
}

/* RFC 3463 2: class, subject, detail. */
static gboolean
is_status(const char *status)
{
	guint n_dots = 0, n_digits = 0;

	if (status == NULL || strchr("245", status[0]) == NULL ||
	    status[0] == '\0' || status[1] != '.')
		return FALSE;
	for (; *status != '\0'; status++) {
		if (*status == '.' && n_digits > 0) {
			n_dots++;
			n_digits = 0;
		} else if (!g_ascii_isdigit(*status) || ++n_digits > 3) {
			return FALSE;
		}
	}
	return n_dots == 2 && n_digits > 0;
}

static void
add_recipient(Fields *fields, const PliComposeDsnRecipient *recipient)
{
	static const char *const actions[] = {"failed",	   "delayed",
					      "delivered", "relayed",
					      "expanded",  NULL};

	add_address(fields, "Original-Recipient",
		    recipient->original_recipient);
	if (recipient->final_recipient == NULL)
		set_error(fields, PLI_ENTITY_ERROR_MISSING, "Final-Recipient",
			  "an address is expected");
	add_address(fields, "Final-Recipient", recipient->final_recipient);
	if (!is_one_of(recipient->action, actions))
		set_error(fields, PLI_ENTITY_ERROR_VALUE, "Action",
			  "failed, delayed, delivered, relayed or expanded is "
			  "expected");
	if (!is_status(recipient->status))
		set_error(fields, PLI_ENTITY_ERROR_VALUE, "Status",
			  "a status as 5.1.1 is expected");
	add(fields, "Action", recipient->action);
	add(fields, "Status", recipient->status);
	add_typed(fields, "Remote-MTA", "dns", recipient->remote_mta);
	add_reply(fields, "Diagnostic-Code", recipient->diagnostic);
	add_date(fields, "Last-Attempt-Date", recipient->last_attempt);
	add_date(fields, "Will-Retry-Until", recipient->will_retry_until);
}

GBytes *
pli_compose_dsn(PliEntityWriter *writer, const PliComposeDsn *dsn,
		GError **error)
{
	Fields fields = {{.ceiling = writer->ceiling}, NULL};

	add(&fields, "Original-Envelope-Id", dsn->envelope_id);
	if (dsn->reporting_mta == NULL)
		set_error(&fields, PLI_ENTITY_ERROR_MISSING, "Reporting-MTA",
			  "the name of a host is expected");
	add_typed(&fields, "Reporting-MTA", "dns", dsn->reporting_mta);
	add_typed(&fields, "Received-From-MTA", "dns", dsn->received_from_mta);
	add_date(&fields, "Arrival-Date", dsn->arrival);
	if (dsn->n_recipients == 0)
		set_error(&fields, PLI_ENTITY_ERROR_MISSING, "recipients",
			  "at least one is expected");
	for (gsize i = 0; i < dsn->n_recipients; i++) {
		end_group(&fields);
		add_recipient(&fields, &dsn->recipients[i]);
	}
	return new_report(writer, &dsn->report, "delivery-status", &fields,
			  error);
}

GBytes *
pli_compose_mdn(PliEntityWriter *writer, const PliComposeMdn *mdn,
		GError **error)
{
	static const char *const modes[] = {
		"manual-action/MDN-sent-manually",
		"manual-action/MDN-sent-automatically",
		"automatic-action/MDN-sent-manually",
		"automatic-action/MDN-sent-automatically", NULL};
	static const char *const dispositions[] = {"displayed", "deleted",
						   "dispatched", "processed",
						   NULL};
	Fields fields = {{.ceiling = writer->ceiling}, NULL};
	g_autofree char *disposition = NULL;

	add(&fields, "Reporting-UA", mdn->reporting_ua);
	add_address(&fields, "Original-Recipient", mdn->original_recipient);
	if (mdn->final_recipient == NULL)
		set_error(&fields, PLI_ENTITY_ERROR_MISSING, "Final-Recipient",
			  "an address is expected");
	add_address(&fields, "Final-Recipient", mdn->final_recipient);
	add(&fields, "Original-Message-ID", mdn->original_message_id);
	if (!is_one_of(mdn->mode, modes) ||
	    !is_one_of(mdn->disposition, dispositions))
		set_error(&fields, PLI_ENTITY_ERROR_VALUE, "Disposition",
			  "a mode and a disposition of RFC 8098 3.2.6 are "
			  "expected");
	disposition = g_strdup_printf("%s; %s", mdn->mode, mdn->disposition);
	add(&fields, "Disposition", disposition);
	return new_report(writer, &mdn->report, "disposition-notification",
			  &fields, error);
}

GBytes *
pli_compose_arf(PliEntityWriter *writer, const PliComposeArf *arf,
		GError **error)
{
	Fields fields = {{.ceiling = writer->ceiling}, NULL};

	add_needed(&fields, "Feedback-Type", arf->feedback_type);
	add_needed(&fields, "User-Agent", arf->user_agent);
	add(&fields, "Version", "1");
	add(&fields, "Original-Mail-From", arf->original_mail_from);
	add(&fields, "Original-Rcpt-To", arf->original_rcpt_to);
	add_date(&fields, "Arrival-Date", arf->arrival);
	add_typed(&fields, "Reporting-MTA", "dns", arf->reporting_mta);
	add(&fields, "Source-IP", arf->source_ip);
	add(&fields, "Reported-Domain", arf->reported_domain);
	/* RFC 5965 2: the message is there, or its header */
	if (arf->report.original == NULL)
		set_error(&fields, PLI_ENTITY_ERROR_MISSING, "original",
			  "the message that is reported is expected");
	return new_report(writer, &arf->report, "feedback-report", &fields,
			  error);
}
