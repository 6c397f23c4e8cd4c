/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/message.h"

void
pli_message_free(PliMessage *message)
{
	if (message == NULL)
		return;
	g_free(message->file);
	pli_source_unref(message->source);
	pli_structure_unref(message->structure);
	g_free(message);
}

gboolean
pli_message_read_span(PliSource *source, PliSpan *span, gsize max,
		      PliSlice *ret_octets, GError **error)
{
	PliStep step;

	*ret_octets = PLI_SLICE_NONE;
	if (span->length == 0)
		return TRUE;
	step = pli_source_read_at(source, span->offset, MIN(span->length, max),
				  ret_octets, error);
	if (step == PLI_STEP_FAIL)
		return FALSE;
	if (step == PLI_STEP_WANT || ret_octets->len == 0) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
			    "became shorter while it was read");
		return FALSE;
	}
	span->offset += ret_octets->len;
	span->length -= ret_octets->len;
	return TRUE;
}

char *
pli_message_dup_name(const PliMessage *message)
{
	if (message->number == 0)
		return g_strdup(message->file);
	return g_strdup_printf("%s#%u", message->file, message->number);
}

static gboolean
is_sign_of_damage(PliDefectId id)
{
	switch (id) {
	case PLI_DEFECT_TRUNCATED_MESSAGE:
	case PLI_DEFECT_EMPTY_MESSAGE:
	case PLI_DEFECT_HEADER_UNTERMINATED:
	case PLI_DEFECT_UNCLOSED_MULTIPART:
	case PLI_DEFECT_BASE64_TRUNCATED: return TRUE;
	default: return pli_defect_get_info(id)->kind == PLI_DEFECT_LIMIT;
	}
}

/* Lines before the body, and not one of them a field: no mail at all. */
static gboolean
has_no_field(const PliStructure *structure)
{
	PliPart root;

	pli_structure_get_part(structure, 0, &root);
	for (guint32 i = 0; i < root.n_fields; i++) {
		PliField field;

		pli_structure_get_field(structure, root.first_field + i,
					&field);
		if (!(field.flags & PLI_FIELD_MALFORMED))
			return FALSE;
	}
	return root.n_fields > 0;
}

gboolean
pli_message_is_damaged(const PliMessage *message)
{
	const PliStructure *structure = message->structure;
	guint32 flags = pli_structure_get_flags(structure);
	guint32 n = pli_structure_get_n_defects(structure);

	if (flags & (PLI_STRUCTURE_INCOMPLETE | PLI_STRUCTURE_LIMITED |
		     PLI_STRUCTURE_HAS_NUL))
		return TRUE;
	for (guint32 i = 0; i < n; i++) {
		PliDefect defect;

		pli_structure_get_defect(structure, i, &defect);
		if (is_sign_of_damage(defect.id))
			return TRUE;
	}
	return has_no_field(structure);
}

/* `base` is what the numbers of the parent's children start with. */
static char *
dup_child_path(const PliPart *parent, const PliPart *child, guint32 n,
	       const char *base)
{
	if (parent->kind == PLI_PART_MESSAGE)
		return child->kind == PLI_PART_MULTIPART
			       ? g_strdup(base)
			       : g_strconcat(base, ".1", NULL);
	if (*base == '\0')
		return g_strdup_printf("%u", n + 1);
	return g_strdup_printf("%s.%u", base, n + 1);
}

char **
pli_message_dup_paths(const PliStructure *structure)
{
	guint32 n_parts = pli_structure_get_n_parts(structure);
	char **paths = g_new0(char *, n_parts + 1);
	PliPart part;

	pli_structure_get_part(structure, 0, &part);
	paths[0] = g_strdup(part.kind == PLI_PART_MULTIPART ? "TEXT" : "1");
	for (guint32 i = 0; i < n_parts; i++) {
		const char *base;

		pli_structure_get_part(structure, i, &part);
		base = i == 0 && part.kind == PLI_PART_MULTIPART ? ""
								 : paths[i];
		for (guint32 n = 0; n < part.n_children; n++) {
			PliPart child;

			pli_structure_get_part(
				structure,
				pli_structure_get_child(structure, &part, n),
				&child);
			paths[child.index] =
				dup_child_path(&part, &child, n, base);
		}
	}
	return paths;
}
