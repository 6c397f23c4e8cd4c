/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/envelope.h"

#include "engine/address.h"
#include "engine/imap-writer-priv.h"

#define N_KINDS (PLI_ITEM_REFERENCES - PLI_ITEM_DATE + 1)

typedef struct {
	PliImapWriter writer;
	PliSlice values[N_KINDS]; /* the first of each kind; data NULL: none */
	PliAddressReader *reader;
	gsize from, from_end; /* where in the buffer From's addresses are */
} Format;

static void
find_values(const PliStructure *structure, const PliPart *part,
            PliSlice *ret_values)
{
	for (guint32 n = 0; n < part->n_items; n++) {
		PliItem item;
		guint at;

		pli_structure_get_item(structure, part, n, &item);
		at = item.kind - PLI_ITEM_DATE;
		if (item.kind < PLI_ITEM_DATE || at >= N_KINDS ||
		    ret_values[at].data != NULL)
			continue;
		ret_values[at] = item.value;
	}
}

static void
add_text_or_nil(PliImapWriter *writer, PliSlice text)
{
	if (text.data == NULL)
		pli_imap_writer_add(writer, "NIL");
	else
		pli_imap_writer_add_text(writer, text);
}

static void
add_address(PliImapWriter *writer, const PliAddress *address)
{
	switch (address->kind) {
	case PLI_ADDRESS_GROUP_BEGIN:
		pli_imap_writer_add(writer, "(NIL NIL ");
		pli_imap_writer_add_text(writer, address->name);
		pli_imap_writer_add(writer, " NIL)");
		break;
	case PLI_ADDRESS_GROUP_END:
		pli_imap_writer_add(writer, "(NIL NIL NIL NIL)");
		break;
	case PLI_ADDRESS_MAILBOX:
		pli_imap_writer_add(writer, "(");
		add_text_or_nil(writer, address->name);
		pli_imap_writer_add(writer, " ");
		add_text_or_nil(writer, address->route);
		pli_imap_writer_add(writer, " ");
		/* NIL here would mean a group */
		pli_imap_writer_add_text(writer, address->local);
		pli_imap_writer_add(writer, " ");
		pli_imap_writer_add_text(writer, address->domain);
		pli_imap_writer_add(writer, ")");
	}
}

/* FALSE when there is no address in the field. */
static gboolean
add_addresses(Format *f, PliSlice value)
{
	PliAddress address;
	gboolean any = FALSE;

	if (value.data == NULL)
		return FALSE;
	if (f->reader == NULL)
		f->reader = pli_address_reader_new(value, NULL);
	else
		pli_address_reader_reset(f->reader, value);
	while (pli_address_reader_next(f->reader, &address) == PLI_STEP_READY) {
		if (!any)
			pli_imap_writer_add(&f->writer, "(");
		any = TRUE;
		add_address(&f->writer, &address);
	}
	if (any)
		pli_imap_writer_add(&f->writer, ")");
	return any;
}

/* RFC 9051 7.5.2: Sender and Reply-To fall back on From, which stands before
 * them. */
static void
add_from_again(Format *f)
{
	PliBuf *buf = f->writer.buf;
	gsize len = f->from_end - f->from;

	if (!f->writer.ok || pli_buf_reserve(buf, len) == NULL) {
		f->writer.ok = FALSE;
		return;
	}
	memcpy(buf->data + buf->len, buf->data + f->from, len);
	pli_buf_add_length(buf, len);
}

static void
add_address_field(Format *f, PliItemKind kind)
{
	gsize start = f->writer.buf->len;

	if (add_addresses(f, f->values[kind - PLI_ITEM_DATE])) {
		if (kind == PLI_ITEM_FROM) {
			f->from = start;
			f->from_end = f->writer.buf->len;
		}
		return;
	}
	if ((kind == PLI_ITEM_SENDER || kind == PLI_ITEM_REPLY_TO) &&
	    f->from_end > f->from)
		add_from_again(f);
	else
		pli_imap_writer_add(&f->writer, "NIL");
}

gboolean
pli_envelope_format(const PliStructure *structure, guint32 part, PliBuf *buf)
{
	Format f = {.writer = {buf, TRUE}};
	PliPart p;

	pli_structure_get_part(structure, part, &p);
	find_values(structure, &p, f.values);
	for (PliItemKind kind = PLI_ITEM_DATE; kind <= PLI_ITEM_MESSAGE_ID;
	     kind++) {
		pli_imap_writer_add(&f.writer,
		                    kind == PLI_ITEM_DATE ? "(" : " ");
		if (kind >= PLI_ITEM_FROM && kind <= PLI_ITEM_BCC)
			add_address_field(&f, kind);
		else
			add_text_or_nil(&f.writer,
			                f.values[kind - PLI_ITEM_DATE]);
	}
	pli_imap_writer_add(&f.writer, ")");
	pli_address_reader_free(f.reader);
	return f.writer.ok;
}
