/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/view.h"

#include "engine/decoder-priv.h"

/* Octets taken from the base at once: BinHex may make 96 times as many. */
#define PIECE (4 * 1024)

PliViewMeter *
pli_view_meter_new(void)
{
	PliViewMeter *meter = g_new0(PliViewMeter, 1);

	meter->ref_count = 1;
	return meter;
}

PliViewMeter *
pli_view_meter_ref(PliViewMeter *meter)
{
	g_atomic_int_inc(&meter->ref_count);
	return meter;
}

void
pli_view_meter_unref(PliViewMeter *meter)
{
	if (meter != NULL && g_atomic_int_dec_and_test(&meter->ref_count))
		g_free(meter);
}

/* What a view that changes octets remembers from one to the next. */
typedef struct {
	gboolean after_cr; /* the octet before was a CR */
	gboolean cut;      /* nothing counts up to the line end, or at all */
	/* BOUNDARY_PREFIX: octets of "--boundary" that the line has so far,
	 * and the dashes after them */
	gsize n_matched;
	guint n_dashes;
	/* NO_ODD_ESCAPE and TO_ODD_ESCAPE: what is held of an escape */
	gboolean after_equals;
	guint8 held[60];
	guint n_held;
	guint8 blank; /* BLANKS_STAY: one that may end a line; 0: none */
} Change;

typedef struct {
	PliSource source;
	PliSource *base;
	PliSpan span;
	PliViewMeter *meter;
	PliViewKind kind;
	gboolean decodes;
	guint8 *boundary; /* with its dashes */
	gsize boundary_len;

	guint64 taken; /* of the span */
	gboolean ended;
	Change change;
	PliDecoder decoder;
	guint64 out_at; /* where `out` lies in the view */
	guint8 *out;
	gsize n_out, room;
} ChangedView;

static void
start(ChangedView *view, PliEncoding encoding)
{
	view->taken = view->out_at = 0;
	view->n_out = 0;
	view->ended = FALSE;
	view->change = (Change){0};
	pli_decoder_init(&view->decoder, encoding);
}

static inline void
put(ChangedView *view, guint8 octet)
{
	view->out[view->n_out++] = octet;
}

static void
put_text(ChangedView *view, const char *text)
{
	for (; *text != '\0'; text++)
		put(view, *text);
}

static void
put_line_end(ChangedView *view)
{
	put_text(view, "\r\n");
}

/* A CR is held until the next octet tells whether it is a bare one. */
static void
change_cr(ChangedView *view, guint8 octet)
{
	if (view->change.after_cr && octet == '\n')
		put(view, '\r');
	else if (view->change.after_cr && view->kind == PLI_VIEW_CR_ENDS_LINE)
		put_line_end(view);
	view->change.after_cr = octet == '\r';
	if (octet != '\r')
		put(view, octet);
}

/* The end of a line of which the rest was cut off. */
static void
end_cut_line(ChangedView *view)
{
	if (view->change.after_cr)
		put(view, '\r');
	put(view, '\n');
	view->change.cut = view->change.after_cr = FALSE;
	view->change.n_matched = view->change.n_dashes = 0;
}

static void
change_nul(ChangedView *view, guint8 octet)
{
	if (view->change.cut && octet == '\n') {
		end_cut_line(view);
	} else if (view->change.cut || octet == 0) {
		view->change.cut = view->kind == PLI_VIEW_NUL_ENDS_LINE;
		view->change.after_cr = octet == '\r';
	} else {
		put(view, octet);
	}
}

static void
change_base64(ChangedView *view, guint8 octet)
{
	const guint8 value = pli_decoder_base64_values[octet];

	if (view->change.cut)
		return;
	if (octet == '=' && view->kind != PLI_VIEW_TO_JUNK)
		view->change.cut = view->kind == PLI_VIEW_TO_PADDING;
	else if (value == PLI_DECODER_BASE64_JUNK &&
	         view->kind == PLI_VIEW_TO_JUNK)
		view->change.cut = TRUE;
	else
		put(view, octet);
}

static void
change_alphabet(ChangedView *view, guint8 octet)
{
	put(view, octet == '-' ? '+' : octet == '_' ? '/' : octet);
}

/* The "=" that is held does not count; what is held after it does. */
static void
end_odd_escape(ChangedView *view)
{
	Change *change = &view->change;

	change->cut = view->kind == PLI_VIEW_TO_ODD_ESCAPE;
	for (guint i = 0; !change->cut && i < change->n_held; i++)
		put(view, change->held[i]);
	change->after_equals = FALSE;
	change->n_held = 0;
}

static void
end_escape(ChangedView *view)
{
	Change *change = &view->change;

	put(view, '=');
	for (guint i = 0; i < change->n_held; i++)
		put(view, change->held[i]);
	change->after_equals = FALSE;
	change->n_held = 0;
}

/* Whether the octet, after an "=", is of an escape or a soft line break. */
static gboolean
take_escape(ChangedView *view, guint8 octet)
{
	Change *change = &view->change;
	const guint8 last =
	        change->n_held > 0 ? change->held[change->n_held - 1] : 0;
	const gboolean is_digit = g_ascii_isxdigit(octet);
	const gboolean after_blank = last == 0 || pli_octet_is_wsp(last);
	gboolean fits;

	if (is_digit)
		fits = last == 0 || g_ascii_isxdigit(last);
	else if (octet == '\n')
		fits = after_blank || last == '\r';
	else
		fits = after_blank &&
		       (pli_octet_is_wsp(octet) || octet == '\r');
	if (!fits || change->n_held == sizeof change->held)
		return FALSE;
	change->held[change->n_held++] = octet;
	if (octet == '\n' || (is_digit && last != 0))
		end_escape(view);
	return TRUE;
}

static void
change_escape(ChangedView *view, guint8 octet)
{
	Change *change = &view->change;

	if (change->after_equals && take_escape(view, octet))
		return;
	if (change->after_equals)
		end_odd_escape(view);
	if (change->cut)
		return;
	if (octet == '=')
		change->after_equals = TRUE;
	else
		put(view, octet);
}

static void
put_encoded_blank(ChangedView *view)
{
	put_text(view, view->change.blank == ' ' ? "=20" : "=09");
	view->change.blank = 0;
}

static void
change_blank(ChangedView *view, guint8 octet)
{
	Change *change = &view->change;

	if (change->blank != 0 && (octet == '\r' || octet == '\n'))
		put_encoded_blank(view);
	else if (change->blank != 0)
		put(view, change->blank);
	change->blank = pli_octet_is_wsp(octet) ? octet : 0;
	if (change->blank == 0)
		put(view, octet);
}

/* Past the boundary: its closing dashes stay, the rest is cut. */
static void
change_after_boundary(ChangedView *view, guint8 octet)
{
	Change *change = &view->change;

	if (octet == '-' && change->n_dashes < 2 && !change->cut) {
		if (++change->n_dashes == 2) {
			put_text(view, "--");
			change->cut = TRUE;
		}
		return;
	}
	if (octet == '\n') {
		end_cut_line(view);
		return;
	}
	change->cut = TRUE;
	change->after_cr = octet == '\r';
}

/* n_matched past the boundary's length: a line that is none. */
static void
change_boundary(ChangedView *view, guint8 octet)
{
	Change *change = &view->change;

	if (change->n_matched == view->boundary_len) {
		change_after_boundary(view, octet);
		return;
	}
	put(view, octet);
	if (octet == '\n')
		change->n_matched = 0;
	else if (change->n_matched < view->boundary_len &&
	         octet == view->boundary[change->n_matched])
		change->n_matched++;
	else
		change->n_matched = view->boundary_len + 1;
	if (change->n_matched == view->boundary_len &&
	    view->kind == PLI_VIEW_EMPTY_BOUNDARY)
		put_text(view, PLI_VIEW_STAND_IN);
}

static void
change_octet(ChangedView *view, guint8 octet)
{
	switch (view->kind) {
	case PLI_VIEW_CR_ENDS_LINE:
	case PLI_VIEW_CR_DROPPED: change_cr(view, octet); break;
	case PLI_VIEW_LF_IS_BLANK:
		put(view, octet == '\n' && !view->change.after_cr ? ' '
		                                                  : octet);
		view->change.after_cr = octet == '\r';
		break;
	case PLI_VIEW_NUL_DROPPED:
	case PLI_VIEW_NUL_ENDS_LINE: change_nul(view, octet); break;
	case PLI_VIEW_TO_PADDING:
	case PLI_VIEW_TO_JUNK:
	case PLI_VIEW_NO_PADDING: change_base64(view, octet); break;
	case PLI_VIEW_URL_ALPHABET: change_alphabet(view, octet); break;
	case PLI_VIEW_NO_ODD_ESCAPE:
	case PLI_VIEW_TO_ODD_ESCAPE: change_escape(view, octet); break;
	case PLI_VIEW_BLANKS_STAY: change_blank(view, octet); break;
	case PLI_VIEW_BOUNDARY_PREFIX:
	case PLI_VIEW_EMPTY_BOUNDARY: change_boundary(view, octet); break;
	}
}

static void
take(ChangedView *view, PliSlice octets)
{
	gsize bound = view->decodes ? pli_decoder_get_bound(&view->decoder,
	                                                    octets.len)
	                            : 2 * octets.len;

	bound = MAX(bound, sizeof view->decoder.held) + 2;
	view->meter->octets += octets.len;
	view->out_at += view->n_out;
	view->n_out = 0;
	if (bound > view->room) {
		g_free(view->out);
		view->room = MAX(bound, PLI_VIEW_BUFFER);
		view->out = g_malloc(view->room);
	}
	if (view->decodes && octets.len > 0)
		view->n_out =
		        pli_decoder_feed(&view->decoder, octets, view->out);
	for (gsize i = 0; !view->decodes && i < octets.len; i++)
		change_octet(view, octets.data[i]);
}

/* The base is at its end: what was held comes out. */
static void
finish(ChangedView *view)
{
	take(view, PLI_SLICE_NONE);
	view->ended = TRUE;
	if (view->decodes)
		view->n_out = pli_decoder_finish(&view->decoder, view->out);
	else if (view->kind == PLI_VIEW_CR_ENDS_LINE && view->change.after_cr)
		put_line_end(view);
	else if (view->change.blank != 0)
		put_encoded_blank(view);
	else if (view->change.after_equals && view->change.n_held == 0)
		end_escape(view);
	else if (view->change.after_equals)
		end_odd_escape(view);
}

/* READY: there are more octets, or the end was met. */
static PliStep
go_on(ChangedView *view, GError **error)
{
	guint64 left = view->span.length - view->taken;
	PliSlice octets = PLI_SLICE_NONE;
	PliStep step = PLI_STEP_READY;

	if (left > 0)
		step = pli_source_read_at(view->base,
		                          view->span.offset + view->taken,
		                          MIN(left, PIECE), &octets, error);
	if (step != PLI_STEP_READY)
		return step;
	view->taken += octets.len;
	if (octets.len == 0)
		finish(view);
	else
		take(view, octets);
	return PLI_STEP_READY;
}

static PliStep
changed_read_at(PliSource *source, guint64 offset, gsize max,
                PliSlice *ret_octets, GError **error)
{
	ChangedView *view = (ChangedView *)source;

	if (offset < view->out_at)
		start(view, view->decoder.encoding);
	while (offset >= view->out_at + view->n_out && !view->ended) {
		PliStep step = go_on(view, error);

		if (step != PLI_STEP_READY)
			return step;
	}
	if (offset >= view->out_at + view->n_out) {
		*ret_octets = PLI_SLICE_NONE;
	} else {
		gsize skip = offset - view->out_at;

		*ret_octets = pli_slice_new(view->out + skip,
		                            MIN(max, view->n_out - skip));
	}
	return PLI_STEP_READY;
}

static guint64
changed_get_length(const PliSource *source)
{
	const ChangedView *view = (const ChangedView *)source;

	return view->ended ? view->out_at + view->n_out : G_MAXUINT64;
}

static void
changed_free(PliSource *source)
{
	ChangedView *view = (ChangedView *)source;

	pli_source_unref(view->base);
	pli_view_meter_unref(view->meter);
	g_free(view->boundary);
	g_free(view->out);
	g_free(view);
}

static const PliSourceClass changed_class = {
        .read_at = changed_read_at,
        .get_length = changed_get_length,
        .free = changed_free,
};

static ChangedView *
new_changed(PliSource *base, PliSpan span, PliViewMeter *meter)
{
	ChangedView *view = g_new0(ChangedView, 1);

	pli_source_init(&view->source, &changed_class);
	view->base = pli_source_ref(base);
	view->span = span;
	view->meter = pli_view_meter_ref(meter);
	return view;
}

PliSource *
pli_view_new_changed(PliSource *base, PliSpan span, PliViewKind kind,
                     PliSlice boundary, PliViewMeter *meter)
{
	ChangedView *view = new_changed(base, span, meter);

	view->kind = kind;
	view->boundary_len = boundary.len + 2;
	view->boundary = g_malloc(view->boundary_len);
	memcpy(view->boundary, "--", 2);
	if (boundary.len > 0)
		memcpy(view->boundary + 2, boundary.data, boundary.len);
	start(view, PLI_ENCODING_7BIT);
	return &view->source;
}

PliSource *
pli_view_new_decoded(PliSource *base, PliSpan span, PliEncoding encoding,
                     PliViewMeter *meter)
{
	ChangedView *view = new_changed(base, span, meter);

	view->decodes = TRUE;
	start(view, encoding);
	return &view->source;
}

typedef struct {
	PliSource source;
	PliSource *base, *rest;
	PliSpan before, after;
	GBytes *text;
} JoinedView;

static gsize
get_text_length(const JoinedView *view)
{
	return view->text != NULL ? g_bytes_get_size(view->text) : 0;
}

static PliStep
joined_read_at(PliSource *source, guint64 offset, gsize max,
               PliSlice *ret_octets, GError **error)
{
	const JoinedView *view = (const JoinedView *)source;
	const gsize text_length = get_text_length(view);
	guint64 left;

	if (offset < view->before.length) {
		left = view->before.length - offset;
		return pli_source_read_at(view->base,
		                          view->before.offset + offset,
		                          MIN(max, left), ret_octets, error);
	}
	offset -= view->before.length;
	if (offset < text_length) {
		const guint8 *text = g_bytes_get_data(view->text, NULL);

		left = text_length - offset;
		*ret_octets = pli_slice_new(text + offset, MIN(max, left));
		return PLI_STEP_READY;
	}
	offset -= text_length;
	if (offset >= view->after.length) {
		*ret_octets = PLI_SLICE_NONE;
		return PLI_STEP_READY;
	}
	left = view->after.length - offset;
	return pli_source_read_at(view->rest, view->after.offset + offset,
	                          MIN(max, left), ret_octets, error);
}

static guint64
joined_get_length(const PliSource *source)
{
	const JoinedView *view = (const JoinedView *)source;

	if (view->after.length == PLI_VIEW_REST)
		return G_MAXUINT64;
	return view->before.length + get_text_length(view) + view->after.length;
}

static void
joined_free(PliSource *source)
{
	JoinedView *view = (JoinedView *)source;

	pli_source_unref(view->base);
	pli_source_unref(view->rest);
	g_clear_pointer(&view->text, g_bytes_unref);
	g_free(view);
}

static const PliSourceClass joined_class = {
        .read_at = joined_read_at,
        .get_length = joined_get_length,
        .free = joined_free,
};

PliSource *
pli_view_new_joined(PliSource *base, PliSpan before, GBytes *text,
                    PliSource *rest, PliSpan after)
{
	JoinedView *view = g_new0(JoinedView, 1);

	pli_source_init(&view->source, &joined_class);
	view->base = pli_source_ref(base);
	view->before = before;
	view->text = text != NULL ? g_bytes_ref(text) : NULL;
	view->rest = pli_source_ref(rest);
	view->after = after;
	return &view->source;
}
