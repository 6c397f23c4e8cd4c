/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a reply takes from the message it answers (RFC 5322 3.6.4). */
#include "engine/gmime/compose.h"

#include "engine/word.h"

#define MAX_ADDRESSES 1000
#define MAX_REFERENCES 100
#define MAX_ID 900

/* "Name <local@domain>" out of mail, so that it can be read again. */
static void
append_mailbox(PliContext *context, GString *out, const PliAddress *address)
{
	PliBuf text = {.ceiling = 4096};

	if (!pli_address_format(address, &text)) {
		pli_buf_clear(&text);
		return;
	}
	if (out->len > 0)
		g_string_append(out, ", ");
	if (address->name.len > 0) {
		g_autofree char *name =
			pli_word_decode_dup(context, address->name);

		g_string_append_c(out, '"');
		for (const char *p = name; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				g_string_append_c(out, '\\');
			g_string_append_c(out, g_ascii_iscntrl(*p) ? ' ' : *p);
		}
		g_string_append(out, "\" ");
	}
	g_string_append_c(out, '<');
	g_string_append_len(out, (const char *)text.data, (gssize)text.len);
	g_string_append_c(out, '>');
	pli_buf_clear(&text);
}

static gboolean
is_own(const PliAddress *address, const char *own)
{
	PliBuf text = {.ceiling = 4096};
	gboolean is = own != NULL && pli_address_format(address, &text) &&
		      pli_slice_is(pli_buf_slice(&text), own);

	pli_buf_clear(&text);
	return is;
}

/* The mailboxes of a field, groups taken apart. */
static void
append_field(PliContext *context, GString *out, const PliStructure *structure,
	     const PliPart *part, PliItemKind kind, const char *own)
{
	g_autoptr(PliAddressReader) reader = NULL;
	PliAddress address;
	PliItem item;
	guint n = 0;

	if (!pli_structure_find_item(structure, part, kind, &item))
		return;
	reader = pli_address_reader_new(item.value, NULL);
	while (n++ < MAX_ADDRESSES &&
	       pli_address_reader_next(reader, &address) == PLI_STEP_READY)
		if (address.kind == PLI_ADDRESS_MAILBOX &&
		    address.local.len > 0 && address.domain.len > 0 &&
		    !is_own(&address, own))
			append_mailbox(context, out, &address);
}

static char *
steal_text(GString *text)
{
	gboolean is_empty = text->len == 0;
	char *octets = g_string_free(text, is_empty);

	return is_empty ? NULL : octets;
}

static char *
dup_subject(PliContext *context, const PliStructure *structure,
	    const PliPart *part, const char *prefix)
{
	g_autofree char *subject = NULL;
	PliItem item;

	if (pli_structure_find_item(structure, part, PLI_ITEM_SUBJECT, &item))
		subject = pli_word_decode_dup(context, item.value);
	if (subject == NULL)
		return g_strdup(prefix);
	for (char *p = subject; *p != '\0'; p++)
		if (g_ascii_iscntrl(*p) && *p != '\t')
			*p = ' ';
	if (g_ascii_strncasecmp(subject, prefix, strlen(prefix) - 1) == 0)
		return g_strdup(g_strstrip(subject));
	return g_strconcat(prefix, g_strstrip(subject), NULL);
}

/* Message-ids of a value, "<...>" each. */
static void
append_ids(GPtrArray *ids, PliSlice value)
{
	while (value.len > 0) {
		const guint8 *start = memchr(value.data, '<', value.len);
		gsize n = 0;

		if (start == NULL)
			return;
		value = pli_slice_skip(value, (gsize)(start - value.data) + 1);
		while (n < value.len && value.data[n] > ' ' &&
		       value.data[n] < 127 && value.data[n] != '>' &&
		       value.data[n] != '<')
			n++;
		if (n > 0 && n < MAX_ID && n < value.len &&
		    value.data[n] == '>')
			g_ptr_array_add(ids, g_strdup_printf("<%.*s>", (int)n,
							     value.data));
		value = pli_slice_skip(value, n);
	}
}

static void
append_item_ids(GPtrArray *ids, const PliStructure *structure,
		const PliPart *part, PliItemKind kind)
{
	PliItem item;

	if (pli_structure_find_item(structure, part, kind, &item))
		append_ids(ids, item.value);
}

static void
take_references(PliComposeReply *reply, const PliStructure *structure,
		const PliPart *part)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) own = g_ptr_array_new_with_free_func(g_free);

	append_item_ids(own, structure, part, PLI_ITEM_MESSAGE_ID);
	append_item_ids(ids, structure, part, PLI_ITEM_REFERENCES);
	if (ids->len == 0) {
		append_item_ids(ids, structure, part, PLI_ITEM_IN_REPLY_TO);
		/* RFC 5322 3.6.4: only if it is one */
		if (ids->len > 1)
			g_ptr_array_set_size(ids, 0);
	}
	if (own->len > 0) {
		reply->in_reply_to = g_strdup(g_ptr_array_index(own, 0));
		g_ptr_array_add(ids, g_strdup(g_ptr_array_index(own, 0)));
	}
	if (ids->len > MAX_REFERENCES)
		g_ptr_array_remove_range(ids, 1, ids->len - MAX_REFERENCES);
	g_ptr_array_add(ids, NULL);
	if (ids->len > 1)
		reply->references = g_strjoinv(" ", (char **)ids->pdata);
}

void
pli_compose_reply_init(PliComposeReply *reply, PliContext *context,
		       const PliStructure *structure, PliComposeReplyKind kind,
		       const char *own)
{
	GString *to = g_string_new(NULL), *cc = g_string_new(NULL);
	PliPart root;

	*reply = (PliComposeReply){.to = NULL};
	pli_structure_get_part(structure, 0, &root);
	reply->subject = dup_subject(context, structure, &root,
				     kind == PLI_COMPOSE_FORWARD ? "Fwd: "
								 : "Re: ");
	take_references(reply, structure, &root);
	if (kind == PLI_COMPOSE_FORWARD)
		g_clear_pointer(&reply->in_reply_to, g_free);
	if (kind != PLI_COMPOSE_FORWARD) {
		append_field(context, to, structure, &root, PLI_ITEM_REPLY_TO,
			     NULL);
		if (to->len == 0)
			append_field(context, to, structure, &root,
				     PLI_ITEM_FROM, NULL);
	}
	if (kind == PLI_COMPOSE_REPLY_ALL) {
		append_field(context, cc, structure, &root, PLI_ITEM_TO, own);
		append_field(context, cc, structure, &root, PLI_ITEM_CC, own);
	}
	reply->to = steal_text(to);
	reply->cc = steal_text(cc);
}

void
pli_compose_reply_clear(PliComposeReply *reply)
{
	g_free(reply->to);
	g_free(reply->cc);
	g_free(reply->subject);
	g_free(reply->in_reply_to);
	g_free(reply->references);
	*reply = (PliComposeReply){.to = NULL};
}
