/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/word.h"

#include "engine/charset.h"
#include "engine/decoder.h"
#include "engine/utf8.h"

/* ---- reading ---- */

/* "=?charset*language?encoding?text?=", all slices of the header text. */
typedef struct {
	PliSlice charset;
	guint8 encoding; /* 'b' or 'q' */
	PliSlice text;
	gsize length; /* of the whole word */
	gboolean has_8bit;
} Word;

typedef struct {
	PliContext *context;
	PliBuf *out;
	PliDefectSet *set;
	gboolean is_utf8; /* the raw octets are, all of them */
	/* The run of adjacent words that is being decoded; NULL: none. */
	PliCharsetDecoder *charset;
	PliDecoder base64;
	Word last;
	PliBuf decoded; /* scratch */
} WordReader;

static void
add_defect(WordReader *reader, PliDefectId id)
{
	if (reader->set != NULL)
		pli_defect_set_add(reader->set, id);
}

/* A charset's octets in an encoded-word: RFC 2047's token without blanks. */
static gboolean
is_charset_octet(guint8 octet)
{
	return octet > ' ' && octet < 127 &&
	       strchr("()<>@,;:\"/[]?=", octet) == NULL;
}

/*
 * The word at the front of `s`, which starts with "=?". A "=?" inside its text
 * ends the search, so a run of unfinished words is looked at once. Question
 * marks, blanks and octets over 127 in the text are against the RFC and common.
 */
static gboolean
find_word(PliSlice s, Word *ret_word)
{
	gsize i = 2, start, star;

	while (i < s.len && is_charset_octet(s.data[i]))
		i++;
	if (i == 2 || s.len - i < 3 || s.data[i] != '?' || s.data[i + 2] != '?')
		return FALSE;
	ret_word->charset = pli_slice_new(s.data + 2, i - 2);
	for (star = 0; star < ret_word->charset.len; star++)
		if (ret_word->charset.data[star] == '*')
			ret_word->charset.len = star; /* RFC 2231 5 */
	ret_word->encoding = g_ascii_tolower(s.data[i + 1]);
	if (ret_word->encoding != 'b' && ret_word->encoding != 'q')
		return FALSE;
	start = i += 3;
	for (; i + 1 < s.len; i++) {
		if (s.data[i] == 0)
			return FALSE;
		ret_word->has_8bit |= s.data[i] >= 128;
		if (s.data[i] != '?')
			continue;
		if (s.data[i + 1] == '=') {
			ret_word->text =
				pli_slice_new(s.data + start, i - start);
			ret_word->length = i + 2;
			return TRUE;
		}
		if (i > start && s.data[i - 1] == '=')
			return FALSE;
	}
	return FALSE;
}

static gboolean
is_ascii_equal(PliSlice a, PliSlice b)
{
	return a.len == b.len &&
	       g_ascii_strncasecmp((const char *)a.data, (const char *)b.data,
				   a.len) == 0;
}

/* Raw 8-bit octets in a Q word are of its charset, unless the header text is
 * UTF-8 throughout, which such a word then has to be too. */
static gboolean
is_readable(const WordReader *reader, const Word *word)
{
	if (!word->has_8bit)
		return TRUE;
	return word->encoding == 'q' &&
	       (!reader->is_utf8 ||
		is_ascii_equal(word->charset, PLI_SLICE_LITERAL("utf-8")));
}

/* CR, LF and NUL of what a word holds become blanks. */
static void
clean(PliBuf *out, gsize from)
{
	for (gsize i = from; i < out->len; i++)
		if (out->data[i] == '\r' || out->data[i] == '\n' ||
		    out->data[i] == 0)
			out->data[i] = ' ';
}

/* The octets that came out of the transfer encoding go to the charset. */
static gboolean
feed_charset(WordReader *reader, PliSlice octets)
{
	const gsize before = reader->out->len;
	gboolean is_whole =
		pli_charset_decoder_feed(reader->charset, octets, reader->out);

	clean(reader->out, before);
	return is_whole;
}

static gboolean
end_words(WordReader *reader)
{
	guint8 rest[sizeof reader->base64.held];
	const gsize before = reader->out->len;
	gboolean is_whole;
	gsize n;

	if (reader->charset == NULL)
		return TRUE;
	n = pli_decoder_finish(&reader->base64, rest);
	is_whole = feed_charset(reader, pli_slice_new(rest, n)) &&
		   pli_charset_decoder_finish(reader->charset, reader->out);
	clean(reader->out, before);
	if (reader->set != NULL)
		pli_charset_decoder_get_defects(reader->charset, reader->set);
	if (pli_defect_set_has(&reader->base64.defects,
			       PLI_DEFECT_BASE64_JUNK) ||
	    pli_defect_set_has(&reader->base64.defects,
			       PLI_DEFECT_BASE64_TRUNCATED))
		add_defect(reader, PLI_DEFECT_WORD_MALFORMED);
	pli_charset_decoder_free(reader->charset);
	reader->charset = NULL;
	return is_whole;
}

/* RFC 2047 4.2; a malformed "=" stays as it is. */
static gsize
decode_q(WordReader *reader, PliSlice text, guint8 *out)
{
	gsize n = 0;

	for (gsize i = 0; i < text.len; i++) {
		guint8 octet = text.data[i];

		if (octet == '_') {
			octet = ' ';
		} else if (octet == '=' && text.len - i > 2 &&
			   g_ascii_isxdigit(text.data[i + 1]) &&
			   g_ascii_isxdigit(text.data[i + 2])) {
			octet = g_ascii_xdigit_value(text.data[i + 1]) << 4 |
				g_ascii_xdigit_value(text.data[i + 2]);
			i += 2;
		} else if (octet == '\r' || octet == '\n') {
			continue; /* a fold inside the word */
		} else if (octet == '=') {
			add_defect(reader, PLI_DEFECT_WORD_MALFORMED);
		}
		out[n++] = octet;
	}
	return n;
}

static gboolean
take_word(WordReader *reader, const Word *word)
{
	guint8 *room;
	gsize n;

	if (reader->charset != NULL &&
	    (reader->last.encoding != word->encoding ||
	     !is_ascii_equal(reader->last.charset, word->charset)) &&
	    !end_words(reader))
		return FALSE;
	if (reader->charset == NULL) {
		reader->charset =
			pli_charset_decoder_new(reader->context, word->charset);
		pli_decoder_init(&reader->base64, PLI_ENCODING_BASE64);
	}
	reader->last = *word;
	pli_buf_reset(&reader->decoded);
	room = pli_buf_reserve(&reader->decoded, word->text.len + 16);
	if (room == NULL)
		return FALSE;
	n = word->encoding == 'q'
		    ? decode_q(reader, word->text, room)
		    : pli_decoder_feed(&reader->base64, word->text, room);
	return feed_charset(reader, pli_slice_new(room, n));
}

/* Raw text, folds undone: a line end goes, the blank after it stays. A line
 * end that is no fold becomes a blank. */
static gboolean
take_raw(WordReader *reader, PliSlice raw, gboolean is_last)
{
	const gsize before = reader->out->len;
	gsize i = 0;

	if (!end_words(reader))
		return FALSE;
	while (i < raw.len) {
		gsize n = i, end;

		while (n < raw.len && raw.data[n] != '\r' &&
		       raw.data[n] != '\n')
			n++;
		if (n > i &&
		    !(reader->is_utf8
			      ? pli_buf_append(reader->out, raw.data + i, n - i)
			      : pli_charset_decode(
					reader->context,
					PLI_SLICE_LITERAL("windows-1252"),
					pli_slice_new(raw.data + i, n - i),
					reader->out, reader->set)))
			return FALSE;
		for (end = n; end < raw.len &&
			      (raw.data[end] == '\r' || raw.data[end] == '\n');)
			end++;
		if (end > n &&
		    (end == raw.len ? !is_last
				    : !pli_octet_is_blank(raw.data[end])) &&
		    !pli_buf_append_octet(reader->out, ' '))
			return FALSE;
		i = end;
	}
	clean(reader->out, before);
	return TRUE;
}

static gboolean
read_words(WordReader *reader, PliSlice text)
{
	gsize done = 0, i = 0; /* [done, i) is raw text so far */
	gboolean is_blank_only = TRUE;

	while (i < text.len) {
		const guint8 *equals = memchr(text.data + i, '=', text.len - i);
		Word word = {0};
		gsize at =
			equals != NULL ? (gsize)(equals - text.data) : text.len;

		while (is_blank_only && i < at)
			is_blank_only = pli_octet_is_blank(text.data[i++]);
		i = at;
		if (at + 1 >= text.len)
			break;
		if (text.data[at + 1] != '?') {
			is_blank_only = FALSE;
			i = at + 1;
			continue;
		}
		if (!find_word(pli_slice_skip(text, at), &word) ||
		    !is_readable(reader, &word)) {
			add_defect(reader, PLI_DEFECT_WORD_MALFORMED);
			is_blank_only = FALSE;
			i = at + 1;
			continue;
		}
		/* Blanks between words are none (RFC 2047 6.2). */
		if ((reader->charset == NULL || !is_blank_only) &&
		    !take_raw(reader,
			      pli_slice_new(text.data + done, at - done),
			      FALSE))
			return FALSE;
		if (!take_word(reader, &word))
			return FALSE;
		done = i = at + word.length;
		is_blank_only = TRUE;
	}
	return take_raw(reader, pli_slice_skip(text, done), TRUE);
}

gboolean
pli_word_decode(PliContext *context, PliSlice text, PliBuf *out,
		PliDefectSet *set)
{
	WordReader reader = {.context = context, .out = out, .set = set};
	gboolean is_whole;

	if (text.len == 0)
		return TRUE;
	pli_buf_init(&reader.decoded, text.len + 16);
	reader.is_utf8 = pli_utf8_is_valid(text);
	is_whole = read_words(&reader, text);
	pli_charset_decoder_free(reader.charset);
	pli_buf_clear(&reader.decoded);
	return is_whole;
}

char *
pli_word_decode_dup(PliContext *context, PliSlice text)
{
	g_auto(PliBuf) out = {0};

	pli_buf_init(&out, G_MAXSSIZE);
	(void)pli_word_decode(context, text, &out, NULL);
	return pli_buf_steal_string(&out);
}

/* ---- writing ---- */

#define WORD_MAX 75 /* RFC 2047 2 */

typedef struct {
	PliBuf *out;
	const char *prefix; /* "=?utf-8?Q?" */
	gboolean is_utf8;
	gsize n_word;	  /* octets of the open word; 0: none is open */
	gboolean is_full; /* the buffer's ceiling was met */
} WordWriter;

static void
put(WordWriter *writer, const char *s, gsize len)
{
	if (!writer->is_full && !pli_buf_append(writer->out, s, len))
		writer->is_full = TRUE;
}

static guint8
plain_octet(guint8 octet)
{
	return octet == '\r' || octet == '\n' || octet == 0 ? ' ' : octet;
}

static void
put_plain(WordWriter *writer, PliSlice text)
{
	for (gsize i = 0; i < text.len; i++) {
		char octet = (char)plain_octet(text.data[i]);

		put(writer, &octet, 1);
	}
}

static void
close_word(WordWriter *writer)
{
	if (writer->n_word > 0)
		put(writer, "?=", 2);
	writer->n_word = 0;
}

/* One character, 1 to 4 octets, which no word may be cut in. Only what RFC
 * 2047 5 (3) lets stand in a phrase stands for itself. */
static void
put_encoded(WordWriter *writer, PliSlice character)
{
	char code[13] = "";
	gsize n = 0;

	for (gsize i = 0; i < character.len; i++) {
		guint8 octet = plain_octet(character.data[i]);

		if (octet == ' ')
			code[n++] = '_';
		else if (g_ascii_isalnum(octet) ||
			 (octet != 0 && strchr("!*+-/", octet) != NULL))
			code[n++] = (char)octet;
		else
			n += g_snprintf(code + n, 4, "=%02X", octet);
	}
	if (writer->n_word > 0 && writer->n_word + n + 2 > WORD_MAX) {
		close_word(writer);
		put(writer, " ", 1);
	}
	if (writer->n_word == 0) {
		writer->n_word = strlen(writer->prefix);
		put(writer, writer->prefix, writer->n_word);
	}
	put(writer, code, n);
	writer->n_word += n;
}

static void
put_encoded_text(WordWriter *writer, PliSlice text)
{
	while (text.len > 0) {
		gsize n = 1;

		if (writer->is_utf8 && text.data[0] >= 0xc0)
			while (n < text.len && (text.data[n] & 0xc0) == 0x80)
				n++;
		put_encoded(writer, pli_slice_new(text.data, n));
		text = pli_slice_skip(text, n);
	}
}

static gboolean
is_gap(guint8 octet)
{
	return pli_octet_is_blank(octet) || octet == 0;
}

static gsize
gap_length(PliSlice text)
{
	gsize n = 0;

	while (n < text.len && is_gap(text.data[n]))
		n++;
	return n;
}

static gsize
token_length(PliSlice text)
{
	gsize n = 0;

	while (n < text.len && !is_gap(text.data[n]))
		n++;
	return n;
}

/* Whether the token begins, and whether it ends, with a word as it is. */
static void
find_words(PliSlice token, gboolean *ret_starts, gboolean *ret_ends)
{
	gsize i = 0;

	*ret_starts = *ret_ends = FALSE;
	while (token.len - i >= 2) {
		Word word;

		if (token.data[i] != '=' || token.data[i + 1] != '?' ||
		    !find_word(pli_slice_skip(token, i), &word)) {
			i++;
			continue;
		}
		*ret_starts |= i == 0;
		i += word.length;
		*ret_ends = i == token.len;
	}
}

/* Blanks that count, inside a word; those around the word do not. */
static void
put_encoded_gap(WordWriter *writer, PliSlice gap, gboolean is_first,
		gboolean goes_on)
{
	if (is_first)
		put(writer, " ", 1);
	put_encoded_text(writer, gap);
	if (goes_on)
		return;
	close_word(writer);
	put(writer, " ", 1);
}

/*
 * Token by token, each with the gap before it. A gap between two tokens that
 * are encoded, or that stand as words already, is encoded with them: readers
 * drop blanks between adjacent words.
 */
static void
write_words(WordWriter *writer, PliSlice text)
{
	gboolean after_encoded = FALSE, after_word = FALSE;

	while (text.len > 0) {
		PliSlice gap = {text.data, gap_length(text)};
		PliSlice rest = pli_slice_skip(text, gap.len);
		PliSlice token = {rest.data, token_length(rest)};
		const gboolean is_encoded =
			pli_utf8_get_ascii(token) < token.len;
		gboolean starts_word, ends_word;

		find_words(token, &starts_word, &ends_word);
		if (gap.len > 0 &&
		    ((is_encoded && (after_encoded || after_word)) ||
		     (after_encoded && starts_word)))
			put_encoded_gap(writer, gap, after_word, is_encoded);
		else {
			close_word(writer);
			put_plain(writer, gap);
		}
		if (is_encoded)
			put_encoded_text(writer, token);
		else
			put_plain(writer, token);
		after_encoded = is_encoded;
		after_word = !is_encoded && ends_word;
		text = pli_slice_skip(rest, token.len);
	}
	close_word(writer);
}

gboolean
pli_word_encode_raw(PliSlice text, PliBuf *out)
{
	WordWriter writer = {.out = out};

	writer.is_utf8 = pli_utf8_is_valid(text);
	writer.prefix = writer.is_utf8 ? "=?utf-8?Q?" : "=?unknown-8bit?Q?";
	write_words(&writer, text);
	return !writer.is_full;
}
