/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/compose-body.h"

#include "cli/detector.h"
#include "engine/parser.h"

/* Parts of one multipart, owned. */
static GPtrArray *
new_parts(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
}

/* One part alone needs no multipart. Takes the parts over. */
static GBytes *
join(PliEntityWriter *writer, const char *subtype,
     const PliHeaderWriterParam *param, GPtrArray *parts, GError **error)
{
	GBytes *entity =
		parts->len == 1
			? g_bytes_ref(g_ptr_array_index(parts, 0))
			: pli_entity_new_multipart(
				  writer, subtype, param,
				  param != NULL ? 1 : 0,
				  (GBytes *const *)parts->pdata, parts->len,
				  error);

	g_ptr_array_unref(parts);
	return entity;
}

static gboolean
add(GPtrArray *parts, GBytes *part)
{
	if (part != NULL)
		g_ptr_array_add(parts, part);
	return part != NULL;
}

static GBytes *
new_text(const PliEntityWriter *writer, const char *type, const char *text,
	 GError **error)
{
	const PliEntityLeaf leaf = {.type = type,
				    .octets = pli_slice_from_string(text),
				    .is_text = TRUE};

	return pli_entity_new_leaf(writer, &leaf, error);
}

/* What it looks like; composite types may not be encoded (RFC 2045 6.4), and
 * a message that is to be read as one is forwarded. */
static char *
dup_type(const PliComposeFile *file, PliSlice octets)
{
	g_autoptr(PliDetector) detector = NULL;
	const char *type;

	if (file->type != NULL)
		return g_strdup(file->type);
	detector = pli_detector_new(NULL);
	if (detector == NULL)
		return g_strdup("application/octet-stream");
	pli_detector_begin(detector);
	pli_detector_feed(detector,
			  pli_slice_new(octets.data,
					MIN(octets.len, PLI_DETECTOR_OCTETS)));
	type = pli_detector_finish(detector);
	return g_strdup(type != NULL && !g_str_has_prefix(type, "message/") &&
					!g_str_has_prefix(type, "multipart/")
				? type
				: "application/octet-stream");
}

static GBytes *
new_file(const PliEntityWriter *writer, const PliComposeFile *file,
	 GError **error)
{
	g_autoptr(GBytes) octets =
		pli_compose_input_read_file(file->file, error);
	g_autofree char *base = g_path_get_basename(file->file);
	g_autofree char *name = NULL;
	g_autofree char *type = NULL;
	PliEntityLeaf leaf = {.cid = file->cid,
			      .description = file->description};

	if (octets == NULL)
		return NULL;
	type = dup_type(file, pli_slice_from_bytes(octets));
	if (g_str_has_prefix(type, "multipart/") ||
	    g_str_has_prefix(type, "message/")) {
		g_set_error(error, PLI_ENTITY_ERROR, PLI_ENTITY_ERROR_VALUE,
			    "%s: %s is no type of a file", file->file, type);
		return NULL;
	}
	name = g_filename_to_utf8(base, -1, NULL, NULL, NULL);
	leaf.octets = pli_slice_from_bytes(octets);
	leaf.type = type;
	leaf.filename = file->name != NULL ? file->name : name;
	leaf.disposition = file->disposition != NULL ? file->disposition
						     : "attachment";
	return pli_entity_new_leaf(writer, &leaf, error);
}

static gboolean
is_inline(const PliComposeFile *file)
{
	return file->disposition != NULL &&
	       g_str_equal(file->disposition, "inline");
}

static gboolean
add_files(PliEntityWriter *writer, const PliComposeInput *input,
	  gboolean inlines, GPtrArray *parts, GError **error)
{
	for (guint i = 0; i < input->files->len; i++) {
		const PliComposeFile *file =
			g_ptr_array_index(input->files, i);

		if (is_inline(file) == inlines &&
		    !add(parts, new_file(writer, file, error)))
			return FALSE;
	}
	return TRUE;
}

/* The HTML with the files it shows (RFC 2387). */
static GBytes *
new_related(PliEntityWriter *writer, const PliComposeInput *input,
	    GError **error)
{
	const PliHeaderWriterParam type = {PLI_SLICE_LITERAL("type"),
					   PLI_SLICE_LITERAL("text/html")};
	GPtrArray *parts = new_parts();

	if (add(parts, new_text(writer, "text/html", input->html, error)) &&
	    add_files(writer, input, TRUE, parts, error))
		return join(writer, "related", &type, parts, error);
	g_ptr_array_unref(parts);
	return NULL;
}

/* Text, HTML, or both (RFC 2046 5.1.4: the best comes last). */
static GBytes *
new_words(PliEntityWriter *writer, const PliComposeInput *input,
	  GError **error)
{
	GPtrArray *parts = new_parts();

	if ((input->text != NULL || input->html == NULL) &&
	    !add(parts, new_text(writer, "text/plain",
				 input->text != NULL ? input->text : "",
				 error)))
		goto fail;
	if (input->html != NULL &&
	    !add(parts, new_related(writer, input, error)))
		goto fail;
	return join(writer, "alternative", NULL, parts, error);
fail:
	g_ptr_array_unref(parts);
	return NULL;
}

static GBytes *
new_digest(PliEntityWriter *writer, const PliComposeInput *input,
	   GError **error)
{
	g_autoptr(GPtrArray) messages = new_parts();

	for (guint i = 0; i < input->digest->len; i++)
		if (!add(messages, pli_compose_input_read_file(
					   g_ptr_array_index(input->digest, i),
					   error)))
			return NULL;
	return pli_compose_digest(writer, (GBytes *const *)messages->pdata,
				  messages->len, error);
}

/* `forwarded`: the message, or NULL. */
static GBytes *
new_mixed(PliEntityWriter *writer, const PliComposeInput *input,
	  GBytes *forwarded, GError **error)
{
	GPtrArray *parts = new_parts();
	gboolean has_words = input->text != NULL || input->html != NULL ||
			     (input->digest->len == 0 &&
			      forwarded == NULL);

	if (has_words && !add(parts, new_words(writer, input, error)))
		goto fail;
	if (forwarded != NULL &&
	    !add(parts,
		 pli_entity_new_message(writer, pli_slice_from_bytes(forwarded),
					FALSE, error)))
		goto fail;
	if (input->digest->len > 0 &&
	    !add(parts, new_digest(writer, input, error)))
		goto fail;
	/* shown by no HTML, they stand behind it */
	if (input->html == NULL && !add_files(writer, input, TRUE, parts,
					      error))
		goto fail;
	if (!add_files(writer, input, FALSE, parts, error))
		goto fail;
	return join(writer, "mixed", NULL, parts, error);
fail:
	g_ptr_array_unref(parts);
	return NULL;
}

static GBytes *
new_report(PliEntityWriter *writer, PliComposeInput *input, GError **error)
{
	g_autoptr(GBytes) original = NULL;
	PliComposeReport report = {.text = input->text,
				   .only_header = input->only_header};

	if (input->original != NULL) {
		original = pli_compose_input_read_file(input->original, error);
		if (original == NULL)
			return NULL;
	}
	report.original = original;
	input->dsn.report = input->mdn.report = input->arf.report = report;
	input->dsn.recipients =
		(const PliComposeDsnRecipient *)(void *)input->recipients->data;
	input->dsn.n_recipients = input->recipients->len;
	if (input->report == PLI_COMPOSE_DSN)
		return pli_compose_dsn(writer, &input->dsn, error);
	if (input->report == PLI_COMPOSE_MDN)
		return pli_compose_mdn(writer, &input->mdn, error);
	return pli_compose_arf(writer, &input->arf, error);
}

static void
fill(char **value, char *from)
{
	if (*value == NULL)
		*value = g_strdup(from);
}

/* What was not given comes from the message that is answered. */
static gboolean
take_reply(PliComposeInput *input, GBytes *forwarded, GError **error)
{
	PliComposeReplyKind kind = input->reply == NULL ? PLI_COMPOSE_FORWARD
				   : input->reply_all ? PLI_COMPOSE_REPLY_ALL
						      : PLI_COMPOSE_REPLY;
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(PliStructure) structure = NULL;
	g_autoptr(GBytes) message = NULL;
	g_auto(PliComposeReply) reply = {.to = NULL};

	if (input->reply != NULL)
		message = pli_compose_input_read_file(input->reply, error);
	else if (forwarded != NULL)
		message = g_bytes_ref(forwarded);
	else
		return TRUE;
	if (message == NULL)
		return FALSE;
	structure = pli_parser_parse(pli_slice_from_bytes(message),
				     PLI_LINE_LF_FILE, NULL);
	pli_compose_reply_init(&reply, context, structure, kind, input->from);
	fill(&input->to, reply.to);
	fill(&input->cc, reply.cc);
	fill(&input->subject, reply.subject);
	fill(&input->in_reply_to, reply.in_reply_to);
	fill(&input->references, reply.references);
	return TRUE;
}

static char **
set_recipient(GError **error)
{
	g_set_error(error, PLI_ENTITY_ERROR, PLI_ENTITY_ERROR_VALUE,
		    "--encrypt: no recipients, too many, or one that is too "
		    "long");
	return NULL;
}

/* Addresses of To and Cc, and of From, who is to read it, too: all of them, or
 * NULL with *error. */
static char **
dup_recipients(const PliComposeInput *input, GError **error)
{
	const char *const fields[] = {input->from, input->to, input->cc};
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);

	for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
		g_autoptr(PliAddressReader) reader = NULL;
		PliDefectSet defects = {0};
		PliAddress address;

		if (fields[i] == NULL)
			continue;
		reader = pli_address_reader_new(
			pli_slice_from_string(fields[i]), NULL);
		while (pli_address_reader_next(reader, &address) ==
		       PLI_STEP_READY) {
			PliBuf text = {.ceiling = 1024};

			if (address.kind != PLI_ADDRESS_MAILBOX)
				continue;
			if (!pli_address_format(&address, &text)) {
				pli_buf_clear(&text);
				return set_recipient(error);
			}
			g_ptr_array_add(found, pli_buf_steal_string(&text));
		}
		pli_address_reader_get_defects(reader, &defects);
		if (pli_defect_set_has(&defects, PLI_DEFECT_LIMIT_ADDRESSES))
			return set_recipient(error);
	}
	if (found->len == 0)
		return set_recipient(error);
	g_ptr_array_add(found, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&found), FALSE);
}

/* RFC 3156 6.1, RFC 8551 3.7: signed first, so that the signature is there
 * when it was opened. */
static GBytes *
protect(PliEntityWriter *writer, const PliComposeInput *input,
	PliCrypto *crypto, GBytes *entity, GError **error)
{
	PliCryptoProtocol protocol =
		input->smime ? PLI_CRYPTO_SMIME : PLI_CRYPTO_PGP;
	g_autoptr(GBytes) inner = g_bytes_ref(entity);

	if (input->sign != NULL) {
		g_autoptr(GBytes) bare = g_steal_pointer(&inner);

		inner = pli_entity_sign(writer, crypto, protocol, bare,
					input->sign, error);
	}
	if (inner != NULL && input->encrypt) {
		g_autoptr(GBytes) bare = g_steal_pointer(&inner);
		g_auto(GStrv) recipients = dup_recipients(input, error);

		if (recipients != NULL)
			inner = pli_entity_encrypt(writer, crypto, protocol,
						   bare, recipients, error);
	}
	return g_steal_pointer(&inner);
}

GBytes *
pli_compose_body_new_message(PliComposeInput *input, PliCrypto *crypto,
			     GError **error)
{
	PliEntityWriter writer = {
		.seed = input->seed,
		.transport = input->is_8bit && input->sign == NULL
				     ? PLI_TRANSPORT_8BIT
				     : PLI_TRANSPORT_7BIT,
		.is_signed = input->sign != NULL,
		.ceiling = PLI_COMPOSE_INPUT_MAX,
	};
	g_autoptr(GBytes) forwarded = NULL, entity = NULL, protected = NULL;
	PliComposeHeader header;

	if (input->forward != NULL) {
		forwarded = pli_compose_input_read_file(input->forward, error);
		if (forwarded == NULL)
			return NULL;
	}
	if (!take_reply(input, forwarded, error))
		return NULL;
	entity = input->report != PLI_COMPOSE_NO_REPORT
			 ? new_report(&writer, input, error)
			 : new_mixed(&writer, input, forwarded, error);
	if (entity == NULL)
		return NULL;
	if (input->from != NULL)
		protected = protect(&writer, input, crypto, entity, error);
	else
		protected = g_bytes_ref(entity);
	if (protected == NULL)
		return NULL;
	header = (PliComposeHeader){
		.from = input->from,
		.sender = input->sender,
		.reply_to = input->reply_to,
		.to = input->to,
		.cc = input->cc,
		.subject = input->subject,
		.date = input->date,
		.zone = (gint)CLAMP(input->zone, -24 * 60, 24 * 60),
		.message_id = input->message_id,
		.in_reply_to = input->in_reply_to,
		.references = input->references,
		.auto_submitted = input->auto_submitted,
		.more = (const PliComposeField *)(void *)input->headers->data,
		.n_more = input->headers->len,
		.utf8 = input->utf8,
	};
	return pli_compose_message(&header, protected, PLI_COMPOSE_INPUT_MAX,
				   error);
}
