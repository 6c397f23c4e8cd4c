/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/envelope.h"

#include "engine/address.h"
#include "engine/imap-writer-priv.h"

static gboolean
find_item(const PliStructure *structure, const PliPart *part,
          PliItemKind kind, PliSlice *ret_value)
{
	PliItem item;

	if (!pli_structure_find_item(structure, part, kind, &item))
		return FALSE;
	*ret_value = item.value;
	return TRUE;
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
add_addresses(PliImapWriter *writer, PliSlice value)
{
	g_autoptr(PliAddressReader) reader =
		pli_address_reader_new(value, NULL);
	PliAddress address;
	gboolean any = FALSE;

	while (pli_address_reader_next(reader, &address) == PLI_STEP_READY) {
		if (!any)
			pli_imap_writer_add(writer, "(");
		any = TRUE;
		add_address(writer, &address);
	}
	if (any)
		pli_imap_writer_add(writer, ")");
	return any;
}

/* RFC 9051 7.5.2: Sender and Reply-To fall back on From. */
static void
add_address_field(PliImapWriter *writer, const PliStructure *structure,
                  const PliPart *part, PliItemKind kind)
{
	PliSlice value;

	if (find_item(structure, part, kind, &value) &&
	    add_addresses(writer, value))
		return;
	if ((kind == PLI_ITEM_SENDER || kind == PLI_ITEM_REPLY_TO) &&
	    find_item(structure, part, PLI_ITEM_FROM, &value) &&
	    add_addresses(writer, value))
		return;
	pli_imap_writer_add(writer, "NIL");
}

gboolean
pli_envelope_format(const PliStructure *structure, guint32 part, PliBuf *buf)
{
	PliImapWriter writer = {buf, TRUE};
	PliPart p;

	pli_structure_get_part(structure, part, &p);
	for (PliItemKind kind = PLI_ITEM_DATE; kind <= PLI_ITEM_MESSAGE_ID;
	     kind++) {
		PliSlice value = PLI_SLICE_NONE;

		pli_imap_writer_add(&writer,
		                    kind == PLI_ITEM_DATE ? "(" : " ");
		if (kind >= PLI_ITEM_FROM && kind <= PLI_ITEM_BCC) {
			add_address_field(&writer, structure, &p, kind);
			continue;
		}
		find_item(structure, &p, kind, &value);
		add_text_or_nil(&writer, value);
	}
	pli_imap_writer_add(&writer, ")");
	return writer.ok;
}
