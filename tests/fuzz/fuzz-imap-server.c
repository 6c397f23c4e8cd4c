/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The IMAP server session under any octets. The first octet of the input
 * chooses where it starts and how small its queue is; the rest is what the
 * client sends. Whole and octet by octet, with fast and slow sources, must
 * give the same replies; the replies must be well-formed, and the session
 * must be ready for more afterwards.
 */
#include "tests/lib/imap-fake.h"

#define START "a LOGIN u p\r\nb SELECT INBOX\r\n"

enum {
	FROM_SELECTED = 1 << 0,
	FEW_BAD = 1 << 1,
	SMALL_QUEUE = 1 << 2,
};

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

static PliImapFake fake;

static void
fill_fake(void)
{
	pli_imap_fake_init(&fake);
	pli_imap_fake_add(
	        &fake,
	        PLI_SLICE_LITERAL(
	                "Subject: one\r\nX-Long: a\r\n b\r\nTo: x@y\r\n"
	                "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	                "--b\r\n\r\ntext\r\n--b\r\n"
	                "Content-Type: message/rfc822\r\n\r\n"
	                "Subject: in\r\n\r\ninner\r\n--b--\r\n"),
	        PLI_LINE_AS_IS);
	pli_imap_fake_add(&fake,
	                  PLI_SLICE_LITERAL("Subject: two\nX-Long: a\n b\n\n"
	                                    "line\r\nline\n\n"),
	                  PLI_LINE_LF_FILE);
	pli_imap_fake_add(&fake, PLI_SLICE_LITERAL("A: b\n\na\0\nb\n\0"),
	                  PLI_LINE_LF_FILE);
	pli_imap_fake_add(&fake, PLI_SLICE_LITERAL(""), PLI_LINE_AS_IS);
}

static GByteArray *
run(guint8 choice, PliSlice in, gsize at_once, gboolean slow)
{
	PliImapConfig config = pli_imap_config_default;
	GByteArray *out = g_byte_array_new();
	g_autoptr(PliSession) session = NULL;

	config.allow_login = TRUE;
	config.offer_tls = TRUE;
	config.line_octets = 300;
	config.literal_octets = 200;
	config.bad_commands = choice & FEW_BAD ? 3 : 100000;
	config.output_octets = choice & SMALL_QUEUE ? 1 : 100000;
	session = pli_imap_server_new(&config);
	fake.slow = slow;
	fake.read_octets = slow ? 3 : 0;
	for (guint i = 0; i < fake.messages->len; i++)
		pli_imap_fake_find(&fake, i + 1)->flags = 0;
	if (choice & FROM_SELECTED)
		g_assert(pli_imap_fake_play(&fake, session,
		                            pli_slice_from_string(START), 1000,
		                            out, NULL) == PLI_STEP_WANT);
	g_assert(pli_imap_fake_play(&fake, session, in, at_once, out, NULL) ==
	         PLI_STEP_WANT);
	g_assert(pli_session_feed(session, PLI_SLICE_LITERAL("x")) == 1);
	return out;
}

/* Octets of the line at `rest`, without its CRLF. */
static gsize
check_line(PliSlice rest)
{
	gsize n = 0;

	while (n < rest.len && rest.data[n] != '\r')
		g_assert(rest.data[n] != '\0' && rest.data[n++] != '\n');
	g_assert(n + 1 < rest.len && rest.data[n + 1] == '\n');
	return n;
}

/* TRUE when the line ends with a literal's announcement. */
static gboolean
is_before_literal(PliSlice line, guint64 *ret_octets)
{
	gsize i = line.len;

	if (i == 0 || line.data[--i] != '}')
		return FALSE;
	while (i > 0 && g_ascii_isdigit(line.data[i - 1]))
		i--;
	g_assert(i > 0 && line.data[i - 1] == '{');
	*ret_octets = g_ascii_strtoull((const char *)line.data + i, NULL, 10);
	return TRUE;
}

static gboolean
is_tagged(PliSlice line)
{
	const guint8 *space = memchr(line.data, ' ', line.len);
	PliSlice word;

	g_assert(space != NULL && space > line.data);
	if (*line.data == '*' || *line.data == '+')
		return FALSE;
	word = pli_slice_skip(line, space + 1 - line.data);
	g_assert(word.len > 4);
	g_assert(memcmp(word.data, "OK ", 3) == 0 ||
	         memcmp(word.data, "NO ", 3) == 0 ||
	         memcmp(word.data, "BAD ", 4) == 0);
	return TRUE;
}

/* Gives the tagged responses. */
static guint
check_replies(PliSlice rest)
{
	gboolean starts = TRUE;
	guint n_tagged = 0;

	while (rest.len > 0) {
		gsize n = check_line(rest);
		PliSlice line = {rest.data, n};
		guint64 octets;

		n_tagged += starts && is_tagged(line);
		rest = pli_slice_skip(rest, n + 2);
		starts = !is_before_literal(line, &octets);
		if (starts)
			continue;
		g_assert(octets > 0 && octets < rest.len);
		g_assert(memchr(rest.data, '\0', octets) == NULL);
		rest = pli_slice_skip(rest, octets);
	}
	return n_tagged;
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	g_autoptr(GByteArray) whole = NULL, by_octet = NULL, slowly = NULL;
	guint n_lines = 2;
	PliSlice in;

	if (len == 0 || len > 4096)
		return 0;
	if (fake.messages == NULL)
		fill_fake();
	in = pli_slice_new(data + 1, len - 1);
	for (gsize i = 0; i < in.len; i++)
		n_lines += in.data[i] == '\n';
	whole = run(data[0], in, G_MAXSIZE, FALSE);
	by_octet = run(data[0], in, 1, FALSE);
	slowly = run(data[0] ^ SMALL_QUEUE, in, 5, TRUE);
	g_assert_cmpmem(whole->data, whole->len, by_octet->data, by_octet->len);
	g_assert_cmpmem(whole->data, whole->len, slowly->data, slowly->len);
	g_assert(check_replies(pli_slice_new(whole->data, whole->len)) <=
	         n_lines);
	g_assert(fake.n_open == 0);
	return 0;
}
