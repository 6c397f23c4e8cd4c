/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The framing of SMTP beside a naive reader (tests/lib/smtp-naive.h): where
 * DATA ends, which octets are the message, how line ends are normalised, what
 * chunks hold, and which command lines there are. The modules alone, and the
 * session around them, must say what the naive reader says, at each cut that is
 * tried, and take exactly the octets that are theirs.
 *
 * The first octet of the input chooses what is framed, the second how it is
 * cut; the rest is what came.
 */
#include "protocols/smtp-chunk.h"
#include "protocols/smtp-dots.h"
#include "protocols/smtp-line.h"
#include "tests/lib/smtp-naive.h"
#include "tests/lib/smtp-run.h"

#define CHUNK_OCTETS 64 /* a chunk of the session has less */

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

static PliSlice
slice_of(const GString *s)
{
	return pli_slice_new(s->str, s->len);
}

/* Cuts: all at once, each octet, and lengths that `cut` draws. */

typedef struct {
	guint n; /* of the three */
	guint32 draw;
} Cut;

static gsize
next_piece(Cut *cut, gsize len)
{
	if (cut->n == 0)
		return len;
	if (cut->n == 1)
		return MIN(len, 1);
	cut->draw = cut->draw * 1664525 + 1013904223;
	return MIN(len,
		   1 + (cut->draw >> 24) % (cut->draw >> 20 & 15 ? 7 : 99));
}

/* Its own memory, so that a look outside is seen. */
static guint8 *
take_piece(Cut *cut, PliSlice in, PliSlice *ret_piece)
{
	gsize n = next_piece(cut, in.len);
	guint8 *copy = g_malloc(n);

	memcpy(copy, in.data, n);
	*ret_piece = pli_slice_new(copy, n);
	return copy;
}

/* The modules. */

typedef struct {
	GString *message;
	gsize at; /* octets used */
	gsize bad_at;
	gboolean has_end, is_bad;
} Dots;

static void
take_dots(PliSmtpDots *dots, PliSlice piece, Dots *found)
{
	PliSmtpDotsResult result;
	PliSlice octets;
	gsize used;

	while (piece.len > 0 && !found->has_end) {
		result = pli_smtp_dots_take(dots, piece, &octets, &used);
		g_assert(used > 0 && used <= piece.len);
		g_assert(octets.len <= used);
		g_assert(octets.len == 0 ||
			 (octets.data >= piece.data &&
			  octets.data + octets.len <= piece.data + used));
		g_assert(octets.len == 0 || !found->is_bad);
		if (dots->owes_cr) {
			g_assert(dots->is_lenient && octets.len > 0);
			g_string_append_c(found->message, '\r');
			dots->owes_cr = FALSE;
		}
		g_string_append_len(found->message, (const char *)octets.data,
				    (gssize)octets.len);
		found->at += used;
		if (result == PLI_SMTP_DOTS_BAD) {
			g_assert(!found->is_bad && !dots->is_lenient);
			found->is_bad = TRUE;
			found->bad_at = found->at - 1;
		}
		found->has_end = result == PLI_SMTP_DOTS_END;
		piece = pli_slice_skip(piece, used);
	}
}

/* What a message without an end lacks at its end: a dot that may be stuffed
 * and a CR behind it, which are held back. */
static void
check_dots(PliSlice in, const PliSmtpNaive *data, Cut cut, gboolean is_lenient)
{
	Dots found = {.message = g_string_new(NULL)};
	PliSmtpDots dots;
	PliSlice piece;

	pli_smtp_dots_init(&dots);
	dots.is_lenient = is_lenient;
	while (in.len > 0 && !found.has_end) {
		guint8 *copy = take_piece(&cut, in, &piece);

		take_dots(&dots, piece, &found);
		in = pli_slice_skip(in, piece.len);
		g_free(copy);
	}
	g_assert(found.at == data->used && found.has_end == data->has_end);
	g_assert(found.is_bad == (data->is_bad && !is_lenient));
	g_assert(!found.is_bad || found.bad_at == data->bad_at);
	g_assert(found.message->len <= data->message->len);
	g_assert(memcmp(found.message->str, data->message->str,
			found.message->len) == 0);
	if (!found.is_bad && data->has_end)
		g_assert(found.message->len == data->message->len);
	else if (!found.is_bad)
		g_assert(found.message->len + 1 >= data->message->len);
	g_string_free(found.message, TRUE);
}

static void
check_lines(PliSlice in, Cut cut)
{
	g_autoptr(GString) expected = g_string_new(NULL);
	GByteArray *out = g_byte_array_new();
	gboolean has_nul, had_cr = FALSE, is_whole = TRUE, good = TRUE;
	gboolean expect_whole = pli_smtp_naive_find_bad(in) == in.len;
	PliSmtpLine line = {0};
	guint64 n_changed;
	PliSlice piece;

	has_nul = !pli_smtp_naive_normalise(in, expected, &n_changed);
	while (in.len > 0) {
		guint8 *copy = take_piece(&cut, in, &piece);
		guint before = out->len;

		is_whole = is_whole && pli_smtp_line_is_whole(piece, had_cr);
		had_cr = piece.data[piece.len - 1] == '\r';
		good = good && pli_smtp_line_take(&line, piece, out);
		g_assert(out->len - before <= 2 * piece.len + 2);
		in = pli_slice_skip(in, piece.len);
		g_free(copy);
	}
	if (good)
		pli_smtp_line_finish(&line, out);
	g_assert(good == !has_nul && is_whole == expect_whole);
	g_assert(line.n_changed == n_changed);
	g_assert(out->len == expected->len);
	g_assert(out->len == 0 ||
		 memcmp(out->data, expected->str, out->len) == 0);
	g_byte_array_unref(out);
}

/* "86 LAST", said by other means than the parser's. */
static void
check_size(PliSlice args, PliSmtpChunk *chunk)
{
	const guint64 most = 1000000;
	g_autofree char *text = g_strndup((const char *)args.data, args.len);
	PliSmtpChunkResult result = pli_smtp_chunk_parse(chunk, args, most);
	gsize digits = strspn(text, "0123456789");
	const char *behind = text + digits;
	const char *word = behind + strspn(behind, " \t");
	guint64 size = g_ascii_strtoull(text, NULL, 10);
	gboolean is_number = digits > 0 && digits <= 20 &&
			     (*behind == ' ' || digits == args.len);

	g_assert((result != PLI_SMTP_CHUNK_NO_SIZE) == is_number);
	if (!is_number)
		return;
	g_assert(chunk->left == size);
	g_assert((result == PLI_SMTP_CHUNK_ABSURD) == (size > most));
	if (strlen(text) != args.len)
		return; /* a NUL, which the command's reader refuses */
	g_strchomp(text);
	g_assert(chunk->is_last == !g_ascii_strcasecmp(word, "LAST"));
	if (size <= most)
		g_assert((result == PLI_SMTP_CHUNK_OK) ==
			 (*word == '\0' || chunk->is_last));
}

/* Chunks that follow each other: a line with the size, then the octets. */
static void
check_chunks(PliSlice in, Cut cut, gboolean is_binary)
{
	g_autoptr(GString) message = g_string_new(NULL);
	PliSmtpChunk chunk = {.is_binary = is_binary};
	gboolean good = TRUE;
	const guint8 *lf;
	gsize bad_at;

	while (in.len > 0 && (lf = memchr(in.data, '\n', in.len)) != NULL) {
		gsize n = lf - in.data;
		guint64 left = 0;

		chunk.left = 0;
		check_size(pli_slice_new(in.data, n), &chunk);
		in = pli_slice_skip(in, n + 1);
		for (left = chunk.left; in.len > 0 && left > 0;) {
			PliSlice piece, octets;
			guint8 *copy = take_piece(&cut, in, &piece);
			gsize most = MIN(left, piece.len);

			good &= pli_smtp_chunk_take(&chunk, piece, &octets);
			g_assert(octets.data == piece.data);
			g_assert(octets.len == most);
			left -= most;
			g_assert(chunk.left == left);
			g_string_append_len(message, (const char *)octets.data,
					    (gssize)octets.len);
			in = pli_slice_skip(in, most);
			g_free(copy);
		}
	}
	bad_at = pli_smtp_naive_find_bad(slice_of(message));
	g_assert(good == (is_binary || bad_at == message->len));
	if (good)
		g_assert(pli_smtp_chunk_finish(&chunk) ==
			 (is_binary || message->len == 0 ||
			  message->str[message->len - 1] != '\r'));
}

/* The session. */

static void
feed(PliSmtpRun *run, PliSlice in, Cut cut)
{
	PliSlice piece;

	while (in.len > 0) {
		guint8 *copy = take_piece(&cut, in, &piece);
		gsize used = pli_smtp_run_feed(run, piece);

		g_free(copy);
		in = pli_slice_skip(in, used);
	}
}

static void
feed_text(PliSmtpRun *run, const char *text)
{
	Cut whole = {0};

	feed(run, pli_slice_from_string(text), whole);
}

static PliSmtpConfig
make_config(guint8 choice)
{
	PliSmtpConfig config = PLI_SMTP_CONFIG_INIT;

	config.size_limit = 0;
	config.max_errors = G_MAXUINT;
	config.offers = PLI_SMTP_OFFER_CHUNKING | PLI_SMTP_OFFER_BINARYMIME;
	config.normalise_lines = (choice & 8) != 0;
	config.command_line_limit = choice & 16 ? 64 : 512;
	config.output_high_water = choice & 32 ? 1 : 1000;
	return config;
}

static const char greeting[] = "EHLO x\r\n"
			       "MAIL FROM:<a@b>\r\n"
			       "RCPT TO:<c@d>\r\n";

/* The message that is to be given; NULL: it is to be refused. */
static GString *
expect_message(PliSlice message, gboolean is_bad, gboolean is_normal,
	       guint64 *ret_changed)
{
	GString *expected = g_string_new(NULL);

	if (!is_normal && !is_bad) {
		g_string_append_len(expected, (const char *)message.data,
				    (gssize)message.len);
		*ret_changed = 0;
		return expected;
	}
	if (is_normal &&
	    pli_smtp_naive_normalise(message, expected, ret_changed))
		return expected;
	g_string_free(expected, TRUE);
	return NULL;
}

static void
check_message(const PliSmtpRun *run, const GString *expected, guint64 n_changed)
{
	g_assert((run->ended != NULL) == (expected != NULL));
	g_assert(run->n_aborts == (expected == NULL ? 1 : 0));
	if (expected == NULL)
		return;
	g_assert(g_string_equal(run->ended, expected));
	g_assert(run->n_normalised == n_changed);
}

/* DATA, and a command behind it that is one only when the message ended. */
static void
check_data(PliSlice in, Cut cut, guint8 choice)
{
	static const char sentinel[] = "VRFY sentinel\r\n";
	PliSmtpConfig config = make_config(choice);
	g_autoptr(GString) all = g_string_new(NULL);
	GString *expected;
	guint64 n_changed = 0;
	PliSmtpNaive data;
	PliSmtpRun run;

	pli_smtp_naive_read(in, &data);
	g_string_append_len(all, (const char *)in.data, (gssize)data.used);
	g_string_append(all, sentinel);
	g_string_free(data.message, TRUE);
	pli_smtp_naive_read(slice_of(all), &data);
	expected = expect_message(slice_of(data.message), data.is_bad,
				  config.normalise_lines, &n_changed);

	pli_smtp_run_init(&run, &config);
	feed_text(&run, greeting);
	feed_text(&run, "DATA\r\n");
	g_assert_cmpstr(pli_smtp_run_take_replies(&run), ==,
			"220 250 250 250 354 ");
	run.at = 0;
	feed(&run, slice_of(all), cut);
	g_assert(run.at == all->len);
	g_assert(run.names->len == (data.has_end ? 1 : 0));
	if (data.has_end) {
		g_assert_cmpstr(pli_smtp_run_take_replies(&run), ==,
				expected != NULL ? "250 252 " : "550 252 ");
		g_assert_cmpstr(run.names->pdata[0], ==, "sentinel");
		check_message(&run, expected, n_changed);
		g_assert(expected == NULL || run.ended_at == data.used);
	} else {
		g_assert(run.ended == NULL && run.output->len == 0);
	}
	pli_smtp_run_clear(&run);
	g_string_free(data.message, TRUE);
	if (expected != NULL)
		g_string_free(expected, TRUE);
}

/* The chunks that an input stands for: an octet says how long one is and
 * whether it is the last, its octets follow. */
typedef struct {
	GString *stream; /* as it is sent */
	GString *message;
	GString *replies;  /* that are to come */
	gboolean is_whole; /* with a last one */
	gboolean is_bad;
} Chunks;

/* Where a chunk is refused the transaction is over, and the later ones are out
 * of sequence. */
static void
add_chunk(Chunks *chunks, PliSlice octets, gboolean is_last, guint8 choice)
{
	gboolean was_over = chunks->is_bad || chunks->is_whole;
	PliSlice message;

	g_string_append_printf(chunks->stream, "BDAT %u%s\r\n",
			       (guint)octets.len, is_last ? " LAST" : "");
	g_string_append_len(chunks->stream, (const char *)octets.data,
			    (gssize)octets.len);
	if (was_over) {
		g_string_append(chunks->replies, "503 ");
		return;
	}
	g_string_append_len(chunks->message, (const char *)octets.data,
			    (gssize)octets.len);
	message = slice_of(chunks->message);
	if (choice & 64)
		chunks->is_bad = FALSE;
	else if (choice & 8)
		chunks->is_bad = memchr(message.data, 0, message.len) != NULL;
	else
		chunks->is_bad =
			pli_smtp_naive_find_bad(message) < message.len ||
			(is_last && message.len > 0 &&
			 message.data[message.len - 1] == '\r');
	chunks->is_whole = is_last;
	g_string_append(chunks->replies, chunks->is_bad ? "550 " : "250 ");
}

static void
make_chunks(Chunks *chunks, PliSlice in, guint8 choice)
{
	*chunks = (Chunks){
		.stream = g_string_new(NULL),
		.message = g_string_new(NULL),
		.replies = g_string_new(NULL),
	};
	while (in.len > 0) {
		gsize n = MIN(in.data[0] % CHUNK_OCTETS, in.len - 1);
		gboolean is_last = (in.data[0] & CHUNK_OCTETS) != 0;

		add_chunk(chunks, pli_slice_new(in.data + 1, n), is_last,
			  choice);
		in = pli_slice_skip(in, n + 1);
	}
	g_string_append(chunks->stream, "VRFY sentinel\r\n");
	g_string_append(chunks->replies, "252 ");
}

static void
check_bdat(PliSlice in, Cut cut, guint8 choice)
{
	PliSmtpConfig config = make_config(choice);
	GString *expected;
	guint64 n_changed = 0;
	Chunks chunks;
	PliSmtpRun run;

	make_chunks(&chunks, in, choice);
	expected = expect_message(slice_of(chunks.message), chunks.is_bad,
				  (choice & 72) == 8, &n_changed);
	pli_smtp_run_init(&run, &config);
	feed_text(&run, "EHLO x\r\nMAIL FROM:<a@b>");
	feed_text(&run, choice & 64 ? " BODY=BINARYMIME\r\n" : "\r\n");
	feed_text(&run, "RCPT TO:<c@d>\r\n");
	g_assert_cmpstr(pli_smtp_run_take_replies(&run), ==,
			"220 250 250 250 ");
	feed(&run, slice_of(chunks.stream), cut);
	g_assert_cmpstr(pli_smtp_run_take_replies(&run), ==,
			chunks.replies->str);
	g_assert(run.names->len == 1);
	g_assert_cmpstr(run.names->pdata[0], ==, "sentinel");
	if (chunks.is_whole || chunks.is_bad)
		check_message(&run, expected, n_changed);
	else
		g_assert(run.ended == NULL && run.n_aborts == 0);
	pli_smtp_run_clear(&run);
	g_string_free(chunks.stream, TRUE);
	g_string_free(chunks.message, TRUE);
	g_string_free(chunks.replies, TRUE);
	if (expected != NULL)
		g_string_free(expected, TRUE);
}

/* What the reply to "VRFY " and a line says; NULL: 252, and the name. */
static const char *
find_fault(PliSlice line, gsize limit)
{
	gboolean is_ascii = TRUE, has_control = FALSE;

	if (line.len > limit)
		return "500 5.5.2 the command line is longer than allowed";
	if (line.data[line.len - 2] != '\r')
		return "500 5.5.2 a command must end in CRLF, not in a bare LF";
	line.len -= 2;
	while (line.data[line.len - 1] == ' ' ||
	       line.data[line.len - 1] == '\t')
		line.len--;
	for (gsize i = 0; i < line.len; i++) {
		has_control |= line.data[i] < ' ' || line.data[i] == 127;
		is_ascii &= line.data[i] < 128;
	}
	if (has_control)
		return "500 5.5.2 a command must hold no control characters";
	if (line.len == 4)
		return "501 5.5.4 a name or mailbox must follow the command";
	return is_ascii ? NULL : "553 5.6.7 the name must be ASCII";
}

static void
check_name(const PliSmtpRun *run, PliSlice line, guint n)
{
	PliSlice name =
		pli_slice_trim(pli_slice_new(line.data + 4, line.len - 6));

	g_assert(n < run->names->len);
	g_assert(pli_slice_equal(name,
				 pli_slice_from_string(run->names->pdata[n])));
}

/* Each line of the input, with VRFY ahead of it. */
static void
check_commands(PliSlice in, Cut cut, guint8 choice)
{
	PliSmtpConfig config = make_config(choice);
	g_autoptr(GString) all = g_string_new(NULL);
	g_auto(GStrv) replies = NULL;
	guint n_replies = 0, n_names = 0;
	gsize start = 0;
	PliSmtpRun run;

	g_string_append(all, "VRFY ");
	for (gsize i = 0; i < in.len; i++) {
		g_string_append_c(all, (char)in.data[i]);
		if (in.data[i] == '\n')
			g_string_append(all, "VRFY ");
	}
	pli_smtp_run_init(&run, &config);
	g_assert_cmpstr(pli_smtp_run_take_replies(&run), ==, "220 ");
	feed(&run, slice_of(all), cut);
	replies = g_strsplit(run.output->str, "\r\n", -1);
	for (gsize i = 0; i < all->len; i++) {
		PliSlice line = {(guint8 *)all->str + start, i + 1 - start};
		const char *fault;

		if (all->str[i] != '\n')
			continue;
		start = i + 1;
		fault = find_fault(line, config.command_line_limit);
		if (fault == NULL)
			check_name(&run, line, n_names++);
		g_assert(g_str_has_prefix(replies[n_replies++],
					  fault != NULL ? fault : "252 "));
	}
	/* behind the last CRLF is an empty one, of nothing there is none */
	g_assert(g_strv_length(replies) == n_replies + (n_replies > 0));
	g_assert(run.names->len == n_names);
	pli_smtp_run_clear(&run);
}

/* What one input stands for at one cut. */
static void
run_input(guint8 choice, PliSlice in, Cut cut)
{
	PliSmtpNaive data;

	switch (choice & 7) {
	case 0:
	case 1:
		pli_smtp_naive_read(in, &data);
		check_dots(in, &data, cut, FALSE);
		check_dots(in, &data, cut, TRUE);
		g_string_free(data.message, TRUE);
		break;
	case 2: check_lines(in, cut); break;
	case 3: check_chunks(in, cut, (choice & 8) != 0); break;
	case 4: check_commands(in, cut, choice); break;
	case 5: check_bdat(in, cut, choice); break;
	default: check_data(in, cut, choice); break;
	}
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	/* Each piece is copied: a bound keeps a run short. */
	if (len < 2 || len > 8192)
		return 0;
	for (guint n = 0; n < 3; n++)
		run_input(data[0], pli_slice_new(data + 2, len - 2),
			  (Cut){.n = n, .draw = data[1]});
	return 0;
}
