/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/header-writer.h"

#include "engine/header-writer-priv.h"
#include "engine/octets-priv.h"
#include "engine/utf8.h"

/* Not G_DEFINE_QUARK(): threads would race for its variable. */
GQuark
pli_header_writer_error_quark(void)
{
	return g_quark_from_static_string("pli-header-writer-error-quark");
}

#define ONE_BLANK PLI_SLICE_LITERAL(" ")

gsize
pli_header_writer_count_blanks(PliSlice text, gsize i)
{
	const gsize start = i;

	while (i < text.len && pli_octet_is_wsp(text.data[i]))
		i++;
	return i - start;
}

gsize
pli_header_writer_count_word(PliSlice text, gsize i)
{
	const gsize start = i;

	while (i < text.len && !pli_octet_is_wsp(text.data[i]))
		i++;
	return i - start;
}

gboolean
pli_header_writer_has_8bit(PliSlice text)
{
	return pli_utf8_get_ascii(text) < text.len;
}

gboolean
pli_header_writer_has_word(PliSlice text)
{
	for (gsize i = 1; i < text.len; i++)
		if (text.data[i - 1] == '=' && text.data[i] == '?')
			return TRUE;
	return FALSE;
}

char *
pli_header_writer_escape(PliSlice value)
{
	g_autofree char *copy = pli_slice_dup(value);
	g_autofree char *valid = g_utf8_make_valid(copy, -1);
	GString *out = g_string_new(NULL);

	for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
		const gunichar c = g_utf8_get_char(p);

		if (c < ' ' || (c >= 127 && c < 160))
			g_string_append_printf(out, "\\x%02x", (guint)c);
		else
			g_string_append_unichar(out, c);
	}
	return g_string_free(out, FALSE);
}

void
pli_header_writer_fail(PliHeaderWriter *writer, PliHeaderWriterError code,
		       const char *format, ...)
{
	g_autofree char *what = NULL;
	g_autofree char *name = NULL;
	va_list args;

	if (writer->error != NULL)
		return;
	va_start(args, format);
	what = g_strdup_vprintf(format, args);
	va_end(args);
	name = pli_header_writer_escape(pli_slice_from_string(writer->name));
	writer->error = g_error_new(PLI_HEADER_WRITER_ERROR, code, "%s: %s",
				    name, what);
}

gboolean
pli_header_writer_check(PliHeaderWriter *writer, PliSlice value,
			const char *what)
{
	for (gsize i = 0; i < value.len; i++) {
		const guint8 octet = value.data[i];

		if ((octet >= ' ' && octet != 127) || octet == '\t')
			continue;
		pli_header_writer_fail(writer, PLI_HEADER_WRITER_ERROR_VALUE,
				       "control character 0x%02x in %s", octet,
				       what);
		return FALSE;
	}
	if (pli_utf8_is_valid(value))
		return TRUE;
	pli_header_writer_fail(writer, PLI_HEADER_WRITER_ERROR_VALUE,
			       "%s is not UTF-8", what);
	return FALSE;
}

static void
append(PliHeaderWriter *writer, PliSlice octets)
{
	if (writer->error != NULL)
		return;
	if (!pli_buf_append(writer->out, octets.data, octets.len))
		pli_header_writer_fail(writer, PLI_HEADER_WRITER_ERROR_FULL,
				       "the header has become too long");
	writer->column += octets.len;
}

void
pli_header_writer_begin(PliHeaderWriter *writer, PliBuf *out,
			PliHeaderWriterFlags flags, const char *name)
{
	const PliSlice octets = pli_slice_from_string(name);

	*writer = (PliHeaderWriter){
		.out = out,
		.flags = flags,
		.name = name,
		.start = out->len,
		.is_new = TRUE,
	};
	if (octets.len == 0 || octets.len > PLI_HEADER_WRITER_NAME_MAX ||
	    pli_octets_count_name(octets, octets.len) < octets.len)
		pli_header_writer_fail(writer, PLI_HEADER_WRITER_ERROR_NAME,
				       "this is not the name of a field");
	append(writer, octets);
	append(writer, PLI_SLICE_LITERAL(":"));
}

gboolean
pli_header_writer_finish(PliHeaderWriter *writer, GError **error)
{
	append(writer, PLI_SLICE_LITERAL("\r\n"));
	if (writer->error == NULL)
		return TRUE;
	writer->out->len = writer->start;
	g_propagate_error(error, writer->error);
	return FALSE;
}

static void
fold(PliHeaderWriter *writer)
{
	append(writer, PLI_SLICE_LITERAL("\r\n"));
	writer->column = 0;
	writer->has_word = FALSE;
}

/* Right after the name it is of use only when all fits then; and not in text:
 * some readers keep the blank after such a fold. */
void
pli_header_writer_put(PliHeaderWriter *writer, PliSlice gap, PliSlice piece)
{
	const gsize n = gap.len + piece.len;
	const gsize most = writer->has_word ? PLI_HEADER_WRITER_WORD_LINE
					    : PLI_HEADER_WRITER_LINE;

	if (gap.len > 0 && writer->column + n > most &&
	    (!writer->is_new || (n <= most && !writer->is_text)))
		fold(writer);
	append(writer, gap);
	append(writer, piece);
	writer->is_new = FALSE;
	if (writer->column > PLI_HEADER_WRITER_LINE_MAX)
		pli_header_writer_fail(writer, PLI_HEADER_WRITER_ERROR_LONG,
				       "too long to be folded");
}

/* ---- encoded-words, RFC 2047 ---- */

#define WORD_START "=?utf-8?Q?"
#define WORD_FRAME (sizeof WORD_START "?=" - 1)
#define WORD_MAX 75
/* A word is at least so long if there is enough to write. */
#define WORD_MIN 40
/* What a word of that length holds in B. */
#define B_STEP ((WORD_MIN - WORD_FRAME) / 4 * 3)
/* A comma, a colon and a semicolon may follow a phrase. */
#define WORD_AFTER 3

static gsize
character_length(PliSlice text, gsize i)
{
	gsize n = 1;

	while (i + n < text.len && (text.data[i + n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* RFC 2047 5: in a phrase fewer octets may stand for themselves. */
static gboolean
is_q_plain(guint8 octet, gboolean is_phrase)
{
	if (is_phrase)
		return g_ascii_isalnum(octet) ||
		       (octet > ' ' && octet < 127 &&
			strchr("!*+-/", octet) != NULL);
	return octet > ' ' && octet < 127 && octet != '=' && octet != '?' &&
	       octet != '_';
}

static gsize
q_length(PliSlice text, gboolean is_phrase)
{
	gsize n = 0;

	for (gsize i = 0; i < text.len; i++)
		n += text.data[i] == ' ' || is_q_plain(text.data[i], is_phrase)
			     ? 1
			     : 3;
	return n;
}

/* Some readers take padding for the end of all that follows, so only the last
 * word may have it: all others end after a multiple of three octets. FALSE:
 * there is a stretch without such a place. */
static gboolean
has_b_steps(PliSlice text)
{
	gsize last = 0;

	for (gsize i = 0; i < text.len; i += character_length(text, i)) {
		if (i - last > B_STEP)
			return FALSE;
		if (i % 3 == 0)
			last = i;
	}
	return text.len - last <= B_STEP;
}

/* How much of the text a word of `most` octets can hold. */
static gsize
measure_word(PliSlice text, gboolean is_b, gboolean is_phrase, gsize most)
{
	gsize i = 0, end = 0, used = 0;

	most -= WORD_FRAME;
	if (is_b && (text.len + 2) / 3 * 4 <= most)
		return text.len;
	while (i < text.len) {
		const gsize n = character_length(text, i);

		i += n;
		used = is_b ? (i + 2) / 3 * 4
			    : used + q_length(pli_slice_new(
						      text.data + i - n, n),
					      is_phrase);
		if (used > most)
			break;
		if (!is_b || i % 3 == 0)
			end = i;
	}
	return end;
}

static void
encode_q(PliSlice text, gboolean is_phrase, PliBuf *word)
{
	for (gsize i = 0; i < text.len; i++) {
		const guint8 octet = text.data[i];

		if (octet == ' ')
			pli_buf_append_octet(word, '_');
		else if (is_q_plain(octet, is_phrase))
			pli_buf_append_octet(word, octet);
		else
			pli_buf_append_printf(word, "=%02X", octet);
	}
}

static void
put_word(PliHeaderWriter *writer, PliSlice gap, PliSlice text, gboolean is_b,
	 gboolean is_phrase)
{
	g_auto(PliBuf) word = {0};

	pli_buf_init(&word, 4 * WORD_MAX);
	pli_buf_append_string(&word, is_b ? "=?utf-8?B?" : WORD_START);
	if (is_b) {
		g_autofree char *b = g_base64_encode(text.data, text.len);

		pli_buf_append_string(&word, b);
	} else {
		encode_q(text, is_phrase, &word);
	}
	pli_buf_append_string(&word, "?=");
	append(writer, gap);
	append(writer, pli_buf_slice(&word));
}

/* Whether a line of its own makes one word of what would be two here: some
 * readers put a blank between two words of a phrase. */
static gboolean
is_better_folded(PliSlice text, gboolean is_b, gsize used, gsize line,
		 gsize gap)
{
	const gsize here = MIN(WORD_MAX, line - used);
	const gsize there = MIN(WORD_MAX, line - gap);

	return measure_word(text, is_b, TRUE, here) < text.len &&
	       measure_word(text, is_b, TRUE, there) == text.len;
}

void
pli_header_writer_put_words(PliHeaderWriter *writer, PliSlice gap,
			    PliSlice text, gboolean is_phrase,
			    const char *suffix)
{
	const gsize line = PLI_HEADER_WRITER_WORD_LINE -
			   (is_phrase ? WORD_AFTER : 0);
	const gboolean is_b =
		(text.len + 2) / 3 * 4 < q_length(text, is_phrase) &&
		has_b_steps(text);

	while (text.len > 0 && writer->error == NULL) {
		gsize n, used = writer->column + gap.len;

		if (used + WORD_MIN > line ||
		    (is_phrase && is_better_folded(text, is_b, used, line,
						   gap.len))) {
			fold(writer);
			used = gap.len;
		}
		g_assert(used + WORD_MIN <= line);
		n = measure_word(text, is_b, is_phrase,
				 MIN(WORD_MAX, line - used));
		g_assert(n > 0);
		put_word(writer, gap, pli_slice_new(text.data, n), is_b,
			 is_phrase);
		writer->has_word = TRUE;
		writer->is_new = FALSE;
		gap = ONE_BLANK;
		text = pli_slice_skip(text, n);
	}
	append(writer, pli_slice_from_string(suffix));
}

/* ---- text ---- */

static gboolean
must_encode(const PliHeaderWriter *writer, PliSlice word)
{
	return word.len > PLI_HEADER_WRITER_TOKEN_MAX ||
	       pli_header_writer_has_word(word) ||
	       (pli_header_writer_has_8bit(word) &&
		!(writer->flags & PLI_HEADER_WRITER_UTF8));
}

/* A word of the text with the blanks around it. */
typedef struct {
	gsize gap, start, end; /* where they start; the word ends */
	gsize after;	       /* blanks behind it */
	gboolean is_encoded;
} Word;

/* FALSE at the end. Text of blanks alone is one empty word. */
static gboolean
next_word(const PliHeaderWriter *writer, PliSlice text, gsize from, Word *word)
{
	gsize before;

	if (from == text.len)
		return FALSE;
	before = pli_header_writer_count_blanks(text, from);
	word->gap = from;
	word->start = from + before;
	word->end = word->start +
		    pli_header_writer_count_word(text, word->start);
	word->after = pli_header_writer_count_blanks(text, word->end);
	word->is_encoded =
		must_encode(writer,
			    pli_slice_new(text.data + word->start,
					  word->end - word->start)) ||
		before > PLI_HEADER_WRITER_GAP_MAX ||
		word->after > PLI_HEADER_WRITER_GAP_MAX ||
		(from == 0 && before > 0) ||
		(word->after > 0 && word->end + word->after == text.len);
	return TRUE;
}

static PliSlice
between(PliSlice text, gsize start, gsize end)
{
	return pli_slice_new(text.data + start, end - start);
}

static void
put_text(PliHeaderWriter *writer, PliSlice text)
{
	Word word;
	gsize done = 0;

	while (next_word(writer, text, done, &word)) {
		PliSlice gap = between(text, word.gap, word.start);
		gsize start = word.start, end = word.end;

		if (done == 0) {
			start = 0;
			gap = ONE_BLANK;
		}
		if (!word.is_encoded) {
			pli_header_writer_put(writer, gap,
					      between(text, start, end));
			done = end;
			continue;
		}
		while (next_word(writer, text, end, &word) && word.is_encoded)
			end = word.end;
		if (end + pli_header_writer_count_blanks(text, end) == text.len)
			end = text.len;
		pli_header_writer_put_words(writer, gap,
					    between(text, start, end), FALSE,
					    "");
		done = end;
	}
}

gboolean
pli_header_writer_add_text(PliBuf *out, PliHeaderWriterFlags flags,
			   const char *name, PliSlice text, GError **error)
{
	PliHeaderWriter writer;

	pli_header_writer_begin(&writer, out, flags, name);
	writer.is_text = TRUE;
	if (pli_header_writer_check(&writer, text, "the text"))
		put_text(&writer, text);
	return pli_header_writer_finish(&writer, error);
}

gboolean
pli_header_writer_add_structured(PliBuf *out, PliHeaderWriterFlags flags,
				 const char *name, PliSlice value,
				 GError **error)
{
	PliHeaderWriter writer;
	PliSlice gap = ONE_BLANK;

	pli_header_writer_begin(&writer, out, flags, name);
	if (pli_header_writer_check(&writer, value, "the value") &&
	    pli_header_writer_has_8bit(value) &&
	    !(flags & PLI_HEADER_WRITER_UTF8))
		pli_header_writer_fail(&writer, PLI_HEADER_WRITER_ERROR_VALUE,
				       "the value is not US-ASCII");
	value = pli_slice_trim(value);
	while (value.len > 0 && writer.error == NULL) {
		const gsize n = pli_header_writer_count_word(value, 0);

		pli_header_writer_put(&writer, gap,
				      pli_slice_new(value.data, n));
		value = pli_slice_skip(value, n);
		gap = pli_slice_new(value.data,
				    pli_header_writer_count_blanks(value, 0));
		value = pli_slice_skip(value, gap.len);
	}
	return pli_header_writer_finish(&writer, error);
}
