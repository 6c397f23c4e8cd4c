/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/normalize.h"

#include "engine/boundary-name.h"
#include "engine/decoded-source.h"
#include "engine/encoded-source.h"
#include "engine/normalize-priv.h"

#define BOUNDARY_MAX 60

G_DEFINE_QUARK(pli-normalize-error, pli_normalize_error)

/* A multipart whose parts are being written. */
typedef struct {
	guint32 part;
	char *boundary;
} Open;

struct PliNormalize {
	PliNormalizePlan plan;
	GArray *changes;
	GByteArray *seed;
	guint8 *fresh; /* by part: gets another boundary */
	/* what next() has done */
	guint32 next_part;
	GArray *open;	 /* Open, from outside in */
	GByteArray *out; /* written, and not given */
	gboolean is_over;
	/* octets that are copied; to the end when the length is not known */
	PliSource *body;
	guint64 at, left;
};

static void
clear_open(gpointer data)
{
	g_free(((Open *)data)->boundary);
}

/* A boundary that would be folded, written anew. */
static gboolean
is_long(const PliNormalizePlan *plan, const PliPart *part)
{
	PliSlice value;

	return pli_structure_find_param(plan->structure, part,
					PLI_ITEM_TYPE_PARAM, "boundary",
					&value) &&
	       value.len > BOUNDARY_MAX;
}

/* By part: it lies in a message or multipart that says it is encoded. */
static guint8 *
find_moved(const PliNormalizePlan *plan)
{
	guint8 *moved = g_malloc0(plan->n_parts);

	for (guint32 i = 1; i < plan->n_parts; i++) {
		PliPart part, parent;

		pli_structure_get_part(plan->structure, i, &part);
		pli_structure_get_part(plan->structure, part.parent, &parent);
		moved[i] = moved[part.parent] ||
			   !pli_encoding_is_identity(parent.encoding);
	}
	return moved;
}

/* Lines that were encoded, or lay in an encoding, may look like any boundary
 * around them, and boundaries there like those. */
static void
choose_fresh(PliNormalize *n)
{
	const PliNormalizePlan *plan = &n->plan;
	g_autofree guint8 *moved = find_moved(plan);

	n->fresh = g_malloc0(plan->n_parts);
	for (guint32 i = plan->n_parts; i-- > 0;) {
		const PliNormalizePart *mine = &plan->parts[i];
		PliPart part;

		pli_structure_get_part(plan->structure, i, &part);
		if (part.kind == PLI_PART_MULTIPART)
			n->fresh[i] |= mine->frame || mine->mime || moved[i] ||
				       (mine->header && is_long(plan, &part));
		if (part.parent != PLI_NONE)
			n->fresh[part.parent] |=
				mine->body || moved[i] || n->fresh[i];
	}
}

static void
collect_changes(PliNormalize *n)
{
	const PliNormalizePlan *plan = &n->plan;

	for (guint32 i = 0; i < plan->n_parts; i++) {
		const PliNormalizePart *mine = &plan->parts[i];
		PliNormalizeChange change = {.part = i};
		PliPart part;

		pli_structure_get_part(plan->structure, i, &part);
		if (!plan->force && mine->seal != PLI_NONE && mine->seal != i)
			continue;
		change.header = mine->header;
		change.boundary = part.kind == PLI_PART_MULTIPART &&
				  n->fresh[i] &&
				  !pli_normalize_is_sealed(plan, i);
		change.encoding = mine->body ||
				  (part.kind != PLI_PART_LEAF &&
				   !pli_encoding_is_identity(part.encoding));
		change.charset = mine->charset != PLI_NORMALIZE_CHARSET_KEPT;
		if (change.header || change.boundary || change.encoding ||
		    change.charset)
			g_array_append_val(n->changes, change);
	}
	/* what is not said of a part is about all */
	if (n->changes->len == 0) {
		PliNormalizeChange change = {.part = 0};

		g_array_append_val(n->changes, change);
	}
}

static gboolean
check_message(const PliStructure *structure, GError **error)
{
	guint32 flags = pli_structure_get_flags(structure);

	if (flags & PLI_STRUCTURE_INCOMPLETE) {
		g_set_error(error, PLI_NORMALIZE_ERROR,
			    PLI_NORMALIZE_ERROR_INCOMPLETE,
			    "the message is cut off; what is made of it would "
			    "look whole");
		return FALSE;
	}
	if (pli_structure_get_bare_lf(structure) > 0) {
		g_set_error(error, PLI_NORMALIZE_ERROR,
			    PLI_NORMALIZE_ERROR_LINES,
			    "the message has lines that end with LF alone");
		return FALSE;
	}
	if (flags & PLI_STRUCTURE_LIMITED) {
		g_set_error(error, PLI_NORMALIZE_ERROR,
			    PLI_NORMALIZE_ERROR_LIMIT,
			    "the message has more parts, fields or defects "
			    "than are read");
		return FALSE;
	}
	return TRUE;
}

PliNormalize *
pli_normalize_new(PliContext *context, const PliStructure *structure,
		  PliSource *source, gboolean force, PliSlice seed,
		  GError **error)
{
	g_autoptr(PliNormalize) n = NULL;
	guint32 n_parts = pli_structure_get_n_parts(structure);

	g_assert(pli_structure_get_line_mode(structure) == PLI_LINE_AS_IS);
	if (!check_message(structure, error))
		return NULL;
	n = g_new0(PliNormalize, 1);
	n->plan = (PliNormalizePlan){
		.context = context,
		.structure = pli_structure_ref((PliStructure *)structure),
		.source = pli_source_ref(source),
		.force = force,
		.n_parts = n_parts,
		.parts = g_new0(PliNormalizePart, n_parts),
		.left = g_array_new(FALSE, FALSE, sizeof(PliNormalizeLeft)),
	};
	n->changes = g_array_new(FALSE, FALSE, sizeof(PliNormalizeChange));
	n->open = g_array_new(FALSE, FALSE, sizeof(Open));
	g_array_set_clear_func(n->open, clear_open);
	n->out = g_byte_array_new();
	n->seed = g_byte_array_new();
	g_byte_array_append(n->seed, seed.data, (guint)seed.len);
	if (!pli_normalize_look(&n->plan, error))
		return NULL;
	if (n->plan.is_dirty) {
		choose_fresh(n);
		collect_changes(n);
	} else {
		n->is_over = TRUE;
		n->body = pli_source_ref(source);
		n->left = pli_structure_get_length(structure);
	}
	return g_steal_pointer(&n);
}

void
pli_normalize_free(PliNormalize *n)
{
	if (n == NULL)
		return;
	g_free(n->fresh);
	g_array_unref(n->changes);
	g_array_unref(n->open);
	g_array_unref(n->plan.left);
	g_byte_array_unref(n->out);
	g_byte_array_unref(n->seed);
	pli_source_unref(n->body);
	pli_source_unref(n->plan.inner);
	pli_source_unref(n->plan.source);
	pli_structure_unref(n->plan.structure);
	g_free(n->plan.parts);
	g_free(n);
}

guint
pli_normalize_get_n_changes(const PliNormalize *n)
{
	return n->changes->len;
}

const PliNormalizeChange *
pli_normalize_get_change(const PliNormalize *n, guint index)
{
	g_assert(index < n->changes->len);
	return &g_array_index(n->changes, PliNormalizeChange, index);
}

guint
pli_normalize_get_n_left(const PliNormalize *n)
{
	return n->plan.left->len;
}

const PliNormalizeLeft *
pli_normalize_get_left(const PliNormalize *n, guint index)
{
	g_assert(index < n->plan.left->len);
	return &g_array_index(n->plan.left, PliNormalizeLeft, index);
}

static void
append(PliNormalize *n, const char *text)
{
	g_byte_array_append(n->out, (const guint8 *)text, (guint)strlen(text));
}

static char *
dup_boundary(const PliNormalize *n, const PliPart *part)
{
	const PliStructure *structure = n->plan.structure;
	PliSlice value;

	if (n->fresh[part->index] ||
	    !pli_structure_find_param(structure, part, PLI_ITEM_TYPE_PARAM,
				      "boundary", &value))
		return pli_boundary_name_make(
			pli_slice_new(n->seed->data, n->seed->len), structure,
			&part->index, 1);
	return g_strchomp(pli_slice_dup(value));
}

/* Closes what does not hold the part; PLI_NONE: all. */
static void
close_until(PliNormalize *n, guint32 parent)
{
	while (n->open->len > 0) {
		Open *last = &g_array_index(n->open, Open, n->open->len - 1);
		guint32 at = parent;

		while (at != PLI_NONE && at != last->part) {
			PliPart part;

			pli_structure_get_part(n->plan.structure, at, &part);
			at = part.parent;
		}
		if (at == last->part)
			return;
		append(n, "\r\n--");
		append(n, last->boundary);
		append(n, "--");
		g_array_set_size(n->open, n->open->len - 1);
	}
}

static void
begin_part(PliNormalize *n, const PliPart *part)
{
	const Open *around;

	close_until(n, part->parent);
	if (n->open->len == 0)
		return;
	around = &g_array_index(n->open, Open, n->open->len - 1);
	if (around->part != part->parent)
		return;
	/* behind a header a boundary needs no line end */
	if (n->next_part != part->parent + 1)
		append(n, "\r\n");
	append(n, "--");
	append(n, around->boundary);
	append(n, "\r\n");
}

static void
open_leaf(PliNormalize *n, const PliPart *part)
{
	PliNormalizePlan *plan = &n->plan;
	const PliNormalizePart *mine = &plan->parts[part->index];
	PliSource *body;

	if (mine->body) {
		body = pli_normalize_open_body(plan, part);
		n->body = pli_encoded_source_new(body, mine->to, mine->mode,
						 FALSE);
		pli_source_unref(body);
		n->at = 0;
		n->left = G_MAXUINT64;
		return;
	}
	n->body = pli_decoded_source_new(plan->structure, plan->source,
					 part->body.source);
	n->at = part->body.offset;
	n->left = part->body.length;
}

/* Past a part and all that lies in it. */
static void
skip_inside(PliNormalize *n, const PliPart *part)
{
	for (; n->next_part < n->plan.n_parts; n->next_part++) {
		PliPart inside;

		pli_structure_get_part(n->plan.structure, n->next_part,
				       &inside);
		if (inside.depth <= part->depth)
			return;
	}
}

static gboolean
write_part(PliNormalize *n, GError **error)
{
	g_autofree char *boundary = NULL;
	gboolean sealed = pli_normalize_is_sealed(&n->plan, n->next_part);
	gboolean is_named;
	PliPart part;

	pli_structure_get_part(n->plan.structure, n->next_part, &part);
	begin_part(n, &part);
	if (part.kind == PLI_PART_MULTIPART && !sealed)
		boundary = dup_boundary(n, &part);
	/* one that stays is named by the field as it is */
	is_named = boundary != NULL &&
		   (n->fresh[part.index] || n->plan.parts[part.index].header);
	if (!pli_normalize_write_header(
		    &n->plan, &part, is_named ? boundary : NULL, n->out, error))
		return FALSE;
	n->next_part++;
	if (boundary != NULL) {
		Open open = {part.index, g_steal_pointer(&boundary)};

		g_array_append_val(n->open, open);
	} else if (sealed || part.kind == PLI_PART_LEAF) {
		open_leaf(n, &part);
		skip_inside(n, &part);
	}
	return TRUE;
}

/* Some octets of the body; none at its end. */
static gboolean
read_body(PliNormalize *n, PliSlice *ret_octets, GError **error)
{
	*ret_octets = PLI_SLICE_NONE;
	if (n->left == G_MAXUINT64) {
		if (pli_source_read_at(n->body, n->at, PLI_NORMALIZE_PIECE,
				       ret_octets, error) != PLI_STEP_READY)
			return FALSE;
	} else if (n->left > 0) {
		if (!pli_normalize_read(n->body, n->at, n->left, ret_octets,
					error))
			return FALSE;
		n->left -= ret_octets->len;
	}
	n->at += ret_octets->len;
	return TRUE;
}

PliStep
pli_normalize_next(PliNormalize *n, PliSlice *ret_octets, GError **error)
{
	PliSlice octets = PLI_SLICE_NONE;

	g_byte_array_set_size(n->out, 0);
	while (octets.len == 0) {
		if (n->body != NULL) {
			if (!read_body(n, &octets, error))
				return PLI_STEP_FAIL;
			if (octets.len == 0) {
				pli_source_unref(n->body);
				n->body = NULL;
			}
			continue;
		}
		if (n->is_over)
			break;
		if (n->next_part < n->plan.n_parts) {
			if (!write_part(n, error))
				return PLI_STEP_FAIL;
		} else {
			gboolean any = n->open->len > 0;

			close_until(n, PLI_NONE);
			if (any)
				append(n, "\r\n");
			n->is_over = TRUE;
		}
		octets = pli_slice_new(n->out->data, n->out->len);
	}
	*ret_octets = octets;
	return PLI_STEP_READY;
}
