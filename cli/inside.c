/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/inside.h"

#include <stdlib.h>

#include "engine/charset.h"
#include "engine/inline-part.h"
#include "engine/tnef.h"
#include "engine/word.h"

#define MAX_NAME_OCTETS 4096

/* A file of TNEF, or a range that is TNEF itself. */
typedef struct {
	guint64 offset; /* in the decoded part */
	guint64 length;
	guint depth;
	char *name;
	char *type;
} Range;

struct PliInside {
	PliContext *context;
	PliBodyReader *reader;
	const PliMessage *message;
	guint32 part;
	PliDefectSet defects;
	gboolean is_tnef;

	/* the running file */
	gboolean is_open;
	const char *within;
	char *name;
	char *type;

	/* blocks in text */
	PliInlinePart *blocks;
	gboolean is_finished;
	gboolean in_resource;
	PliInlinePartEvent held; /* comes after the END that was shown */
	gboolean has_held;
	/* yEnc: a block that goes on with the file before it is no new one */
	guint64 yenc_part, yenc_total;
	gboolean may_go_on;

	/* TNEF: files by their offset; `rest` is not yet passed */
	GArray *files;
	guint next_file;
	guint64 position; /* in the decoded part, of `rest` */
	PliSlice rest;
};

static void
clear_range(gpointer data)
{
	Range *range = data;

	g_free(range->name);
	g_free(range->type);
}

PliInside *
pli_inside_new(PliContext *context, PliBodyReader *reader)
{
	PliInside *inside = g_new0(PliInside, 1);

	inside->context = context;
	inside->reader = reader;
	inside->files = g_array_new(FALSE, TRUE, sizeof(Range));
	g_array_set_clear_func(inside->files, clear_range);
	return inside;
}

static void
reset(PliInside *inside)
{
	g_clear_pointer(&inside->blocks, pli_inline_part_free);
	g_clear_pointer(&inside->name, g_free);
	g_clear_pointer(&inside->type, g_free);
	g_array_set_size(inside->files, 0);
	inside->defects = (PliDefectSet){0};
	inside->is_open = inside->is_finished = FALSE;
	inside->in_resource = inside->has_held = inside->may_go_on = FALSE;
	inside->next_file = 0;
	inside->position = 0;
	inside->rest = PLI_SLICE_NONE;
}

void
pli_inside_free(PliInside *inside)
{
	if (inside == NULL)
		return;
	reset(inside);
	g_array_unref(inside->files);
	g_free(inside);
}

static gboolean
is_tnef(const PliStructure *structure, const PliPart *part)
{
	PliSlice name;

	if (pli_structure_is_type(structure, part, "application", "ms-tnef") ||
	    pli_structure_is_type(structure, part, "application",
				  "vnd.ms-tnef"))
		return TRUE;
	return (pli_structure_find_param(structure, part,
					 PLI_ITEM_DISPOSITION_PARAM, "filename",
					 &name) ||
		pli_structure_find_param(structure, part, PLI_ITEM_TYPE_PARAM,
					 "name", &name)) &&
	       pli_slice_is(name, "winmail.dat");
}

static gboolean
may_have_blocks(const PliStructure *structure, const PliPart *part)
{
	PliSlice type, subtype;

	pli_structure_get_type(structure, part, &type, &subtype);
	return pli_slice_is(type, "text") ||
	       (pli_slice_is(type, "application") &&
		(pli_slice_is(subtype, "mac-binhex40") ||
		 pli_slice_is(subtype, "applefile") ||
		 pli_slice_is(subtype, "x-uuencode")));
}

/* The decoder of these encodings gives the file itself. */
static gboolean
is_file_encoding(PliEncoding encoding)
{
	return encoding == PLI_ENCODING_UUENCODE ||
	       encoding == PLI_ENCODING_XXENCODE ||
	       encoding == PLI_ENCODING_YENC ||
	       encoding == PLI_ENCODING_BINHEX;
}

gboolean
pli_inside_begin(PliInside *inside, const PliMessage *message,
		 const PliPart *part)
{
	reset(inside);
	inside->message = message;
	inside->part = part->index;
	if (part->kind != PLI_PART_LEAF || part->flags & PLI_PART_SYNTHETIC)
		return FALSE;
	inside->is_tnef = is_tnef(message->structure, part);
	if (inside->is_tnef)
		return TRUE;
	if (is_file_encoding(part->encoding) ||
	    !may_have_blocks(message->structure, part))
		return FALSE;
	inside->blocks = pli_inline_part_new();
	pli_body_reader_begin(inside->reader, message, part->index);
	return TRUE;
}

static PliStep
show(PliInside *inside, PliInsideEventType event, PliSlice octets,
     PliInsideEvent *ret_event)
{
	inside->is_open = event != PLI_INSIDE_END;
	*ret_event = (PliInsideEvent){
		.event = event,
		.name = inside->name,
		.within = inside->within,
		.type = inside->type,
		.octets = octets,
	};
	return PLI_STEP_READY;
}

/* ---- blocks in text ---- */

static const char *
get_within(PliEncoding encoding)
{
	switch (encoding) {
	case PLI_ENCODING_UUENCODE: return "uuencode";
	case PLI_ENCODING_XXENCODE: return "xxencode";
	case PLI_ENCODING_YENC: return "yenc";
	default: return "binhex";
	}
}

/* Names in text have no charset of their own: read as raw header text is. A
 * BinHex name is MacRoman. */
static char *
dup_name(PliInside *inside, const PliInlinePartEvent *block)
{
	g_auto(PliBuf) out = {0};

	if (block->name.len == 0)
		return NULL;
	pli_buf_init(&out, MAX_NAME_OCTETS);
	if (block->encoding == PLI_ENCODING_BINHEX)
		pli_charset_decode(inside->context,
				   PLI_SLICE_LITERAL("macintosh"), block->name,
				   &out, NULL);
	else
		pli_charset_decode_raw(inside->context, block->name, &out,
				       NULL);
	return pli_buf_steal_string(&out);
}

/* A yEnc block that is the next piece of the file before it. */
static gboolean
goes_on(const PliInside *inside, const PliInlinePartEvent *block,
	const char *name)
{
	return inside->may_go_on && block->encoding == PLI_ENCODING_YENC &&
	       block->yenc_part > 1 &&
	       block->yenc_part == inside->yenc_part + 1 &&
	       block->yenc_total == inside->yenc_total &&
	       g_strcmp0(name, inside->name) == 0;
}

static void
take_names(PliInside *inside, const PliInlinePartEvent *block, char *name)
{
	g_free(inside->name);
	inside->name = name;
	inside->within = get_within(block->encoding);
	inside->yenc_part = block->yenc_part;
	inside->yenc_total = block->yenc_total;
	inside->in_resource = FALSE;
}

/* A block begins. An open file is one of yEnc whose next piece this may be;
 * else it ends before the block is shown. */
static PliStep
begin_block(PliInside *inside, const PliInlinePartEvent *block,
	    PliInsideEvent *ret_event)
{
	char *name = dup_name(inside, block);

	if (inside->is_open) {
		if (goes_on(inside, block, name)) {
			inside->yenc_part = block->yenc_part;
			inside->may_go_on = FALSE;
			g_free(name);
			return PLI_STEP_WANT;
		}
		g_free(name);
		inside->held = *block;
		inside->has_held = TRUE;
		inside->may_go_on = FALSE;
		return show(inside, PLI_INSIDE_END, PLI_SLICE_NONE, ret_event);
	}
	take_names(inside, block, name);
	return show(inside, PLI_INSIDE_BEGIN, PLI_SLICE_NONE, ret_event);
}

/* The resource fork is a file of its own, after the data fork. */
static PliStep
take_resource(PliInside *inside, const PliInlinePartEvent *block,
	      PliInsideEvent *ret_event)
{
	if (inside->in_resource)
		return show(inside, PLI_INSIDE_OCTETS, block->octets,
			    ret_event);
	inside->held = *block;
	inside->has_held = TRUE;
	if (inside->is_open)
		return show(inside, PLI_INSIDE_END, PLI_SLICE_NONE, ret_event);
	inside->in_resource = TRUE;
	if (inside->name != NULL) {
		char *name = g_strconcat(inside->name, ".rsrc", NULL);

		g_free(inside->name);
		inside->name = name;
	}
	return show(inside, PLI_INSIDE_BEGIN, PLI_SLICE_NONE, ret_event);
}

/* READY when something is to be shown. */
static PliStep
take_block_event(PliInside *inside, const PliInlinePartEvent *block,
		 PliInsideEvent *ret_event)
{
	switch (block->type) {
	case PLI_INLINE_PART_BEGIN:
		return begin_block(inside, block, ret_event);
	case PLI_INLINE_PART_DATA:
		return show(inside, PLI_INSIDE_OCTETS, block->octets,
			    ret_event);
	case PLI_INLINE_PART_RESOURCE:
		return take_resource(inside, block, ret_event);
	default: break;
	}
	pli_defect_set_add_all(&inside->defects, &block->defects);
	inside->may_go_on = block->encoding == PLI_ENCODING_YENC &&
			    inside->yenc_part < inside->yenc_total;
	if (inside->may_go_on)
		return PLI_STEP_WANT;
	return show(inside, PLI_INSIDE_END, PLI_SLICE_NONE, ret_event);
}

/* FALSE: read error. */
static PliStep
feed_blocks(PliInside *inside, GError **error)
{
	PliSlice octets;
	PliStep step = pli_body_reader_next(inside->reader, &octets, error);

	if (step == PLI_STEP_READY) {
		pli_inline_part_feed(inside->blocks, octets);
	} else if (step == PLI_STEP_WANT) {
		inside->is_finished = TRUE;
		pli_inline_part_finish(inside->blocks);
	}
	return step;
}

static PliStep
next_in_blocks(PliInside *inside, PliInsideEvent *ret_event, GError **error)
{
	for (;;) {
		PliInlinePartEvent block;

		if (inside->has_held) {
			inside->has_held = FALSE;
			block = inside->held;
			return take_block_event(inside, &block, ret_event);
		}
		if (pli_inline_part_next(inside->blocks, &block) ==
		    PLI_STEP_READY) {
			if (take_block_event(inside, &block, ret_event) ==
			    PLI_STEP_READY)
				return PLI_STEP_READY;
			continue;
		}
		if (inside->is_finished) {
			/* pieces of yEnc are missing */
			if (inside->is_open)
				return show(inside, PLI_INSIDE_END,
					    PLI_SLICE_NONE, ret_event);
			return PLI_STEP_WANT;
		}
		if (feed_blocks(inside, error) == PLI_STEP_FAIL)
			return PLI_STEP_FAIL;
	}
}

/* ---- TNEF ---- */

static char *
dup_tnef_text(const PliInside *inside, const PliTnef *tnef, guint32 attachment,
	      gboolean (*get)(const PliTnef *, guint32, PliContext *, PliBuf *))
{
	g_auto(PliBuf) out;

	pli_buf_init(&out, MAX_NAME_OCTETS);
	if (attachment == PLI_NONE ||
	    !get(tnef, attachment, inside->context, &out) || out.len == 0)
		return NULL;
	return pli_buf_steal_string(&out);
}

static void
collect_items(PliInside *inside, const PliTnef *tnef, const Range *outer,
	      GArray *todo)
{
	guint32 n = pli_tnef_get_n_items(tnef);

	for (guint32 i = 0; i < n; i++) {
		PliTnefItem item;
		Range range = {.depth = outer->depth + 1};

		pli_tnef_get_item(tnef, i, &item);
		range.offset = outer->offset + item.offset;
		range.length = item.length;
		if (item.kind == PLI_TNEF_MESSAGE) {
			if (range.depth < PLI_INSIDE_DEPTH)
				g_array_append_val(todo, range);
			else
				pli_defect_set_add(&inside->defects,
						   PLI_DEFECT_LIMIT_TNEF);
			continue;
		}
		if (item.kind != PLI_TNEF_FILE && item.kind != PLI_TNEF_OBJECT)
			continue;
		range.name = dup_tnef_text(inside, tnef, item.attachment,
					   pli_tnef_get_name);
		range.type = dup_tnef_text(inside, tnef, item.attachment,
					   pli_tnef_get_mime_type);
		g_array_append_val(inside->files, range);
	}
}

/* Reads the part from its start to the end of the range. */
static gboolean
read_tnef(PliInside *inside, const Range *range, PliTnef *tnef, GError **error)
{
	guint64 at = 0, end = range->offset + range->length;
	PliSlice octets;
	PliStep step;

	pli_body_reader_begin(inside->reader, inside->message, inside->part);
	while (at < end && (step = pli_body_reader_next(inside->reader, &octets,
							error)) !=
				   PLI_STEP_WANT) {
		guint64 from = at < range->offset ? range->offset - at : 0;

		if (step == PLI_STEP_FAIL)
			return FALSE;
		if (from < octets.len)
			pli_tnef_feed(tnef,
				      pli_slice_new(octets.data + from,
						    MIN(octets.len, end - at) -
							    from));
		at += octets.len;
	}
	pli_tnef_finish(tnef);
	return TRUE;
}

static int
compare_ranges(gconstpointer a, gconstpointer b)
{
	const Range *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

static gboolean
find_files(PliInside *inside, GError **error)
{
	g_autoptr(GArray) todo = g_array_new(FALSE, FALSE, sizeof(Range));
	Range whole = {.length = G_MAXUINT64};

	g_array_append_val(todo, whole);
	for (guint i = 0; i < todo->len; i++) {
		g_autoptr(PliTnef) tnef = pli_tnef_new(NULL);
		Range range = g_array_index(todo, Range, i);

		if (i >= pli_limits_default.depth) {
			pli_defect_set_add(&inside->defects,
					   PLI_DEFECT_LIMIT_TNEF);
			break;
		}
		if (!read_tnef(inside, &range, tnef, error))
			return FALSE;
		pli_defect_set_add_all(&inside->defects,
				       pli_tnef_get_defects(tnef));
		collect_items(inside, tnef, &range, todo);
	}
	g_array_sort(inside->files, compare_ranges);
	pli_body_reader_begin(inside->reader, inside->message, inside->part);
	return TRUE;
}

/* More of the part, when all of it so far was passed. WANT at its end. */
static PliStep
read_more(PliInside *inside, GError **error)
{
	return inside->rest.len > 0
		       ? PLI_STEP_READY
		       : pli_body_reader_next(inside->reader, &inside->rest,
					      error);
}

static void
pass(PliInside *inside, gsize n)
{
	inside->rest = pli_slice_skip(inside->rest, n);
	inside->position += n;
}

static PliStep
begin_file(PliInside *inside, Range *file, PliInsideEvent *ret_event)
{
	g_free(inside->name);
	g_free(inside->type);
	inside->name = g_steal_pointer(&file->name);
	inside->type = g_steal_pointer(&file->type);
	inside->within = "tnef";
	return show(inside, PLI_INSIDE_BEGIN, PLI_SLICE_NONE, ret_event);
}

static PliStep
next_in_tnef(PliInside *inside, PliInsideEvent *ret_event, GError **error)
{
	while (inside->next_file < inside->files->len) {
		Range *file =
			&g_array_index(inside->files, Range, inside->next_file);
		guint64 end = file->offset + file->length, n;
		PliStep step;

		if (!inside->is_open && file->offset < inside->position) {
			/* two that overlap: only a broken stream has them */
			pli_defect_set_add(&inside->defects,
					   PLI_DEFECT_TNEF_MALFORMED);
			inside->next_file++;
			continue;
		}
		if (inside->position == file->offset && !inside->is_open)
			return begin_file(inside, file, ret_event);
		step = inside->position < end ? read_more(inside, error)
					      : PLI_STEP_WANT;
		if (step == PLI_STEP_FAIL)
			return PLI_STEP_FAIL;
		if (step == PLI_STEP_WANT) {
			inside->next_file++;
			if (inside->is_open)
				return show(inside, PLI_INSIDE_END,
					    PLI_SLICE_NONE, ret_event);
			continue;
		}
		n = inside->is_open ? end - inside->position
				    : file->offset - inside->position;
		n = MIN(n, inside->rest.len);
		if (inside->is_open) {
			PliSlice octets = pli_slice_new(inside->rest.data, n);

			pass(inside, n);
			return show(inside, PLI_INSIDE_OCTETS, octets,
				    ret_event);
		}
		pass(inside, n);
	}
	return PLI_STEP_WANT;
}

PliStep
pli_inside_next(PliInside *inside, PliInsideEvent *ret_event, GError **error)
{
	if (!inside->is_tnef)
		return next_in_blocks(inside, ret_event, error);
	if (!inside->is_finished) {
		inside->is_finished = TRUE;
		if (!find_files(inside, error))
			return PLI_STEP_FAIL;
	}
	return next_in_tnef(inside, ret_event, error);
}

void
pli_inside_get_defects(const PliInside *inside, PliDefectSet *set)
{
	pli_defect_set_add_all(set, &inside->defects);
}
