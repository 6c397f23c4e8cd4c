/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * walk FILE: the parts of a message, who wrote it, and what is wrong with it.
 *
 *	cc walk.c $(pkg-config --cflags --libs pli) -o walk
 */
#include <engine/pli.h>

#include <stdio.h>

/* Names and texts come from a stranger: no control reaches the terminal. The
 * decoders give valid UTF-8 always. */
static void
print_text(const char *label, const char *text)
{
	fputs(label, stdout);
	for (const char *next; *text != '\0'; text = next) {
		next = g_utf8_next_char(text);
		if (g_unichar_iscntrl(g_utf8_get_char(text)))
			putchar('?');
		else
			fwrite(text, 1, (gsize)(next - text), stdout);
	}
}

/* A field of the message's own header, decoded to UTF-8. */
static void
print_subject(PliContext *context, const PliStructure *structure)
{
	g_autofree char *subject = NULL;
	PliPart root;
	PliItem item;

	pli_structure_get_part(structure, 0, &root);
	if (!pli_structure_find_item(structure, &root, PLI_ITEM_SUBJECT, &item))
		return;
	subject = pli_word_decode_dup(context, item.value);
	print_text("Subject: ", subject);
	putchar('\n');
}

/* From may name several people; group brackets have no address. */
static void
print_authors(PliContext *context, const PliStructure *structure)
{
	g_autoptr(PliAddressReader) reader = NULL;
	PliAddress address;
	PliPart root;
	PliItem item;

	pli_structure_get_part(structure, 0, &root);
	if (!pli_structure_find_item(structure, &root, PLI_ITEM_FROM, &item))
		return;
	reader = pli_address_reader_new(item.value, NULL);
	while (pli_address_reader_next(reader, &address) == PLI_STEP_READY) {
		g_autofree char *name = NULL;
		g_autofree char *mailbox = NULL;
		PliBuf text;

		if (address.kind != PLI_ADDRESS_MAILBOX)
			continue;
		name = pli_word_decode_dup(context, address.name);
		pli_buf_init(&text, 64 * 1024);
		if (pli_address_format(&address, &text))
			mailbox = pli_buf_steal_string(&text);
		pli_buf_clear(&text);
		print_text("From:    ", name);
		print_text(" <", mailbox != NULL ? mailbox : "");
		puts(">");
	}
}

static void
print_part(PliContext *context, const PliStructure *structure, guint32 index)
{
	g_autofree char *path = pli_section_format_path(structure, index);
	g_autofree char *name = NULL;
	PliSlice type, subtype;
	PliPart part;

	pli_structure_get_part(structure, index, &part);
	pli_structure_get_type(structure, &part, &type, &subtype);
	printf("%*s%s %.*s/%.*s, %" G_GUINT64_FORMAT " octets", 2 * part.depth,
	       "", path[0] != '\0' ? path : "-", (int)type.len, type.data,
	       (int)subtype.len, subtype.data, part.body.length);
	name = pli_param_decode_filename(context, structure, &part, NULL);
	if (name != NULL)
		print_text(", named ", name);
	putchar('\n');
}

static void
print_defects(const PliStructure *structure)
{
	for (guint32 i = 0; i < pli_structure_get_n_defects(structure); i++) {
		const PliDefectInfo *info;
		PliDefect defect;

		pli_structure_get_defect(structure, i, &defect);
		info = pli_defect_get_info(defect.id);
		printf("! %s at %" G_GUINT64_FORMAT ": %s (%s)\n", info->name,
		       defect.span.offset, info->sentence, info->section);
	}
}

int
main(int argc, char **argv)
{
	g_autoptr(PliContext) context = NULL;
	g_autoptr(PliStructure) structure = NULL;
	g_autoptr(GMappedFile) file = NULL;
	g_autoptr(GError) error = NULL;

	if (argc != 2) {
		fprintf(stderr, "usage: walk FILE\n");
		return 64;
	}
	file = g_mapped_file_new(argv[1], FALSE, &error);
	if (file == NULL) {
		fprintf(stderr, "walk: %s\n", error->message);
		return 66;
	}
	context = pli_context_new();
	structure = pli_parser_parse(
		pli_slice_new(g_mapped_file_get_contents(file),
			      g_mapped_file_get_length(file)),
		PLI_LINE_AS_IS, NULL);
	print_authors(context, structure);
	print_subject(context, structure);
	for (guint32 i = 0; i < pli_structure_get_n_parts(structure); i++)
		print_part(context, structure, i);
	print_defects(structure);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 74;
}
