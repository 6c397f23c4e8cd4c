/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/union.h"

#include "engine/decoded-source.h"
#include "engine/union-priv.h"

#define BLOCK (64 * 1024)
/* Scanned whatever the message's length is. */
#define SCANNED_AT_LEAST (1024 * 1024)
/* What lenient readers take for a boundary, and blanks after it. */
#define BOUNDARY_OCTETS 1000
#define BOUNDARY_BLANKS (64 * 1024)

static void
task_free(PliUnionTask *task)
{
	if (task == NULL)
		return;
	pli_source_unref(task->source);
	g_free(task);
}

static PliUnionTask *
task_new(PliSource *source, PliDefectId reason, guint32 part, guint32 depth,
         gboolean whole)
{
	PliUnionTask *task = g_new(PliUnionTask, 1);

	*task = (PliUnionTask){source, reason, part, depth, whole};
	return task;
}

static void
close_sources(PliUnion *u)
{
	for (guint i = 0; i < u->sources->len; i++)
		pli_source_unref(u->sources->pdata[i]);
	g_ptr_array_set_size(u->sources, 0);
	u->last_read = NULL;
}

PliUnion *
pli_union_new(PliContext *context, PliSource *source, PliStructure *structure,
              const PliLimits *limits)
{
	PliUnion *u = g_new0(PliUnion, 1);

	u->context = context;
	u->limits = limits != NULL ? *limits : pli_limits_default;
	u->limits.boundary_octets =
	        MAX(u->limits.boundary_octets, BOUNDARY_OCTETS);
	u->limits.boundary_blanks =
	        MAX(u->limits.boundary_blanks, BOUNDARY_BLANKS);
	u->parser = pli_parser_new(pli_structure_get_line_mode(structure),
	                           &u->limits);
	u->meter = pli_view_meter_new();
	u->scanned_max = (guint64)u->limits.reading_factor *
	                         pli_structure_get_length(structure) +
	                 SCANNED_AT_LEAST;
	g_queue_init(&u->tasks);
	u->sources = g_ptr_array_new();
	u->task = task_new(pli_source_ref(source), 0, 0, 0, TRUE);
	u->structure = pli_structure_ref(structure);
	return u;
}

void
pli_union_free(PliUnion *u)
{
	PliUnionTask *task;

	if (u == NULL)
		return;
	while ((task = g_queue_pop_head(&u->tasks)) != NULL)
		task_free(task);
	task_free(u->task);
	close_sources(u);
	g_ptr_array_unref(u->sources);
	pli_structure_unref(u->structure);
	pli_parser_free(u->parser);
	pli_view_meter_unref(u->meter);
	g_free(u);
}

gboolean
pli_union_may_go_on(PliUnion *u)
{
	if (u->meter->octets < u->scanned_max)
		return TRUE;
	u->limited = TRUE;
	return FALSE;
}

void
pli_union_add(const PliUnionPart *p, PliSource *source, PliDefectId reason,
              gboolean whole)
{
	PliUnion *u = p->u;
	guint32 part = p->task->depth == 0 ? p->part.index : p->task->part;

	if (p->task->depth == PLI_UNION_DEPTH ||
	    u->n_made + u->tasks.length >= u->limits.readings) {
		u->limited = TRUE;
		pli_source_unref(source);
		return;
	}
	g_queue_push_tail(&u->tasks, task_new(source, reason, part,
	                                      p->task->depth + 1, whole));
}

void
pli_union_add_headed(const PliUnionPart *p, GString *text, PliSource *body,
                     PliSpan span, PliDefectId reason)
{
	g_autoptr(GBytes) bytes = NULL;
	const PliSpan nothing = {0, 0, 0};

	g_string_append(text, "\r\n");
	p->u->header_octets += text->len;
	if (p->u->header_octets > p->u->limits.string_octets) {
		p->u->limited = TRUE;
		return;
	}
	bytes = g_bytes_new(text->str, text->len);
	pli_union_add(p, pli_view_new_joined(p->source, nothing, bytes, body,
	                                     span),
	              reason, FALSE);
}

PliStep
pli_union_read_at(PliUnion *u, PliSource *source, guint64 offset, guint64 max,
                  PliSlice *ret_octets, GError **error)
{
	PliStep step = pli_source_read_at(source, offset, MIN(max, BLOCK),
	                                  ret_octets, error);

	/* what is decoded starts over when it is read backwards */
	if (u->last_read == source && offset < u->last_end &&
	    source != u->task->source)
		u->meter->octets += offset;
	u->last_read = source;
	u->last_end = offset + (step == PLI_STEP_READY ? ret_octets->len : 0);
	if (step == PLI_STEP_READY)
		u->meter->octets += ret_octets->len;
	else if (step == PLI_STEP_WANT)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
		            "the message is not all there");
	return step == PLI_STEP_READY ? step : PLI_STEP_FAIL;
}

/* The structure of a source; cut short where the work has its bound. */
static PliStep
scan(PliUnion *u, PliSource *source, PliStructure **ret_structure,
     GError **error)
{
	PliFinish how = PLI_FINISH_COMPLETE;
	guint64 offset = 0;

	pli_parser_reset(u->parser);
	for (;;) {
		PliSlice octets;

		if (!pli_union_may_go_on(u)) {
			how = PLI_FINISH_ABORTED;
			break;
		}
		if (pli_union_read_at(u, source, offset, BLOCK, &octets,
		                      error) == PLI_STEP_FAIL)
			return PLI_STEP_FAIL;
		if (octets.len == 0)
			break;
		pli_parser_scan(u->parser, octets);
		offset += octets.len;
	}
	pli_parser_end_scan(u->parser, how);
	*ret_structure = pli_parser_steal_structure(u->parser);
	return PLI_STEP_READY;
}

/* Octets of the whole message that some reader changes before it reads. */
static void
find_whole(const PliUnionPart *p)
{
	static const struct {
		PliDefectId id;
		PliViewKind kind;
	} rows[] = {
	        {PLI_DEFECT_BARE_CR, PLI_VIEW_CR_ENDS_LINE},
	        {PLI_DEFECT_BARE_CR, PLI_VIEW_CR_DROPPED},
	        {PLI_DEFECT_NUL_OCTET, PLI_VIEW_NUL_DROPPED},
	        {PLI_DEFECT_NUL_OCTET, PLI_VIEW_NUL_ENDS_LINE},
	        {PLI_DEFECT_MIXED_LINE_ENDS, PLI_VIEW_LF_IS_BLANK},
	};
	const PliSpan all = {0, 0, PLI_VIEW_REST};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (pli_union_part_has(p, rows[i].id))
			pli_union_add(p,
			              pli_view_new_changed(p->source, all,
			                                   rows[i].kind,
			                                   PLI_SLICE_NONE,
			                                   p->u->meter),
			              rows[i].id, TRUE);
}

static PliStep
find_in_part(PliUnionPart *p, GError **error)
{
	PliStep step;

	if (p->part.index == 0 && p->task->whole)
		find_whole(p);
	step = pli_union_find_headers(p, error);
	if (step == PLI_STEP_READY)
		step = pli_union_find_names(p, error);
	if (step == PLI_STEP_READY)
		step = pli_union_find_bodies(p, error);
	g_clear_pointer(&p->fields, g_ptr_array_unref);
	g_clear_pointer(&p->names, g_byte_array_unref);
	g_clear_pointer(&p->are_blank, g_byte_array_unref);
	return step;
}

/* A source of the reading that is looked at. Parts come in order, so that
 * those past it are done with. */
static PliSource *
get_source(PliUnion *u, guint32 index)
{
	for (guint i = index + 1; i < u->sources->len; i++) {
		pli_source_unref(u->sources->pdata[i]);
		u->sources->pdata[i] = NULL;
	}
	if (u->sources->len > index + 1)
		g_ptr_array_set_size(u->sources, index + 1);
	while (u->sources->len <= index)
		g_ptr_array_add(u->sources, NULL);
	if (u->sources->pdata[index] == NULL)
		u->sources->pdata[index] = pli_decoded_source_new(
		        u->structure, u->task->source, index);
	return u->sources->pdata[index];
}

/* The decoding of each part's body that there is, by part; 0: none. */
static guint32 *
dup_decodings(const PliStructure *structure)
{
	guint32 *decodings =
	        g_new0(guint32, pli_structure_get_n_parts(structure));
	const guint32 n = pli_structure_get_n_sources(structure);

	for (guint32 i = 1; i <= n; i++) {
		PliPartSource source;

		pli_structure_get_source(structure, i, &source);
		decodings[source.part] = i;
	}
	return decodings;
}

static void
open_part(PliUnionPart *p, guint32 index, guint32 decoding)
{
	PliUnion *u = p->u;

	pli_structure_get_part(p->structure, index, &p->part);
	p->source = get_source(u, p->part.body.source);
	p->content = p->source;
	p->content_span = p->part.body;
	p->content_choice = (PliUnionChoice){PLI_UNION_ALL, PLI_UNION_ALL,
	                                     PLI_UNION_ALL, FALSE};
	if (decoding == 0 || p->part.kind != PLI_PART_MULTIPART)
		return;
	p->content = get_source(u, decoding);
	p->content_span = (PliSpan){
	        decoding, 0,
	        pli_structure_get_source_length(p->structure, decoding)};
	p->content_choice.encoding = PLI_UNION_NONE;
}

/* Queues the readings of the reading that was given last. */
static PliStep
find_all(PliUnion *u, GError **error)
{
	const guint32 n = pli_structure_get_n_parts(u->structure);
	g_autofree PliDefectSet *sets = g_new0(PliDefectSet, n);
	g_autofree guint32 *decodings = dup_decodings(u->structure);
	PliStep step = PLI_STEP_READY;

	for (guint32 i = 0; i < pli_structure_get_n_defects(u->structure);
	     i++) {
		PliDefect defect;

		pli_structure_get_defect(u->structure, i, &defect);
		pli_defect_set_add(&sets[defect.part], defect.id);
		if (defect.id == PLI_DEFECT_LIMIT_DEFECTS)
			u->limited = TRUE;
	}
	for (guint32 i = 0; i < n && step == PLI_STEP_READY &&
	                    pli_union_may_go_on(u);
	     i++) {
		PliUnionPart p = {
		        .u = u,
		        .task = u->task,
		        .structure = u->structure,
		        .set = sets[i],
		};

		open_part(&p, i, decodings[i]);
		step = find_in_part(&p, error);
	}
	close_sources(u);
	return step;
}

static PliStep
make_next(PliUnion *u, GError **error)
{
	if (u->task != NULL && find_all(u, error) == PLI_STEP_FAIL)
		return PLI_STEP_FAIL;
	g_clear_pointer(&u->task, task_free);
	g_clear_pointer(&u->structure, pli_structure_unref);
	if (g_queue_is_empty(&u->tasks) || !pli_union_may_go_on(u))
		return PLI_STEP_WANT;
	u->task = g_queue_pop_head(&u->tasks);
	u->n_made++;
	if (scan(u, u->task->source, &u->structure, error) ==
	    PLI_STEP_READY)
		return PLI_STEP_READY;
	g_clear_pointer(&u->task, task_free);
	return PLI_STEP_FAIL;
}

PliStep
pli_union_next(PliUnion *u, PliUnionReading *ret_reading, GError **error)
{
	const guint64 given = u->scanned;
	PliStep step;

	/* what the caller read meanwhile is not the union's work */
	u->meter->octets = given;
	step = make_next(u, error);
	u->scanned = u->meter->octets;
	if (step != PLI_STEP_READY)
		return step;
	*ret_reading = (PliUnionReading){
	        .source = u->task->source,
	        .structure = u->structure,
	        .reason = u->task->reason,
	        .part = u->task->part,
	        .depth = u->task->depth,
	};
	return PLI_STEP_READY;
}

gboolean
pli_union_is_limited(const PliUnion *u)
{
	return u->limited;
}

guint64
pli_union_get_scanned(const PliUnion *u)
{
	return u->scanned;
}
