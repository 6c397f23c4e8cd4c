/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/proxy-header.h"

#include "protocols/ip-address.h"

#define LINE_MAX_OCTETS 107 /* 2.1, with its CRLF */
#define LINE_WORDS 6
#define FIXED_OCTETS 16 /* 2.2: before the addresses */
#define TLV_OCTETS 3	/* type and length */
#define TLV_CRC32C 0x03

enum { COMMAND_LOCAL, COMMAND_PROXY, COMMAND_N };
enum { FAMILY_UNSPEC, FAMILY_INET, FAMILY_INET6, FAMILY_UNIX, FAMILY_N };
enum { TRANSPORT_UNSPEC, TRANSPORT_STREAM, TRANSPORT_DGRAM, TRANSPORT_N };

static const gsize address_octets[FAMILY_N] = {0, 12, 36, 216};

static PliStep
fail(const char **ret_why, const char *why)
{
	*ret_why = why;
	return PLI_STEP_FAIL;
}

/* Whether `octets` are `whole`, or its beginning when there are fewer. */
static gboolean
begins_as(PliSlice octets, PliSlice whole)
{
	gsize n = MIN(octets.len, whole.len);

	return memcmp(octets.data, whole.data, n) == 0;
}

/* Version 1. */

static gboolean
is_address(const char *word, gboolean v6)
{
	PliSlice s = pli_slice_from_string(word);

	if (v6)
		return pli_ip_address_is_v6(s);
	if (!pli_ip_address_is_v4(s))
		return FALSE;
	/* no leading zeroes, which others read as octal */
	for (; word != NULL; word = strchr(word, '.')) {
		word += *word == '.';
		if (word[0] == '0' && g_ascii_isdigit(word[1]))
			return FALSE;
	}
	return TRUE;
}

static gboolean
parse_port(const char *word, guint16 *ret_port)
{
	guint64 port;

	if ((word[0] == '0' && word[1] != '\0') ||
	    !g_ascii_string_to_unsigned(word, 10, 0, G_MAXUINT16, &port, NULL))
		return FALSE;
	*ret_port = (guint16)port;
	return TRUE;
}

/* "PROXY TCP4 192.0.2.1 192.0.2.2 56324 25", all of it visible ASCII. */
static PliStep
read_words(const char *line, PliProxyHeader *header, const char **ret_why)
{
	g_auto(GStrv) words = g_strsplit(line, " ", LINE_WORDS + 1);
	gboolean v6;

	if (g_strv_length(words) != LINE_WORDS)
		return fail(ret_why, "the line does not have six words with "
				     "one space between them");
	v6 = g_str_equal(words[1], "TCP6");
	if (!v6 && !g_str_equal(words[1], "TCP4"))
		return fail(ret_why, "the protocol is none of TCP4, TCP6 and "
				     "UNKNOWN");
	if (!is_address(words[2], v6) || !is_address(words[3], v6))
		return fail(ret_why, v6 ? "an address is no IPv6 address"
					: "an address is no IPv4 address");
	if (!parse_port(words[4], &header->source_port) ||
	    !parse_port(words[5], &header->destination_port))
		return fail(ret_why, "a port is no number from 0 to 65535");
	g_strlcpy(header->source, words[2], sizeof(header->source));
	g_strlcpy(header->destination, words[3],
		  sizeof(header->destination));
	header->is_proxied = TRUE;
	return PLI_STEP_READY;
}

static PliStep
read_line(PliSlice line, PliProxyHeader *header, const char **ret_why)
{
	static const char unknown[] = "PROXY UNKNOWN";
	const gsize n = sizeof(unknown) - 1;
	g_autofree char *text = NULL;

	if (line.len >= n && memcmp(line.data, unknown, n) == 0 &&
	    (line.len == n || line.data[n] == ' '))
		return PLI_STEP_READY; /* what follows is to be ignored */
	for (gsize i = 0; i < line.len; i++)
		if (line.data[i] < ' ' || line.data[i] > '~')
			return fail(ret_why,
				    "the line has octets that are no "
				    "printable ASCII");
	text = pli_slice_dup(line);
	return read_words(text, header, ret_why);
}

static PliStep
parse_line(PliSlice octets, PliProxyHeader *header, const char **ret_why)
{
	gsize most = MIN(octets.len, LINE_MAX_OCTETS), n = 0;

	while (n < most && octets.data[n] != '\r' && octets.data[n] != '\n')
		n++;
	if (n + 1 < most) {
		if (octets.data[n] != '\r' || octets.data[n + 1] != '\n')
			return fail(ret_why, "the line does not end in CRLF");
		header->length = n + 2;
		return read_line(pli_slice_new(octets.data, n), header,
				 ret_why);
	}
	if (n < most && octets.data[n] == '\n')
		return fail(ret_why, "the line does not end in CRLF");
	if (most == LINE_MAX_OCTETS)
		return fail(ret_why, "the line is longer than 107 octets");
	return PLI_STEP_WANT;
}

/* Version 2. */

static guint16
load16(const guint8 *octets)
{
	return (guint16)(octets[0] << 8 | octets[1]);
}

/* RFC 9260 A, of the header with its checksum (at `hole`) as zeroes. */
static guint32
sum_up(PliSlice octets, gsize hole)
{
	guint32 crc = ~0u;

	for (gsize i = 0; i < octets.len; i++) {
		crc ^= i - hole < 4 ? 0 : octets.data[i];
		for (guint bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static gboolean
is_sum_right(PliSlice octets, gsize hole)
{
	guint32 sum = (guint32)load16(octets.data + hole) << 16 |
		      load16(octets.data + hole + 2);

	return sum == sum_up(octets, hole);
}

/* Walks the TLVs from `at` on. READY: they are whole, and *ret_hole is where
 * the checksum lies, 0 for none. */
static PliStep
walk(PliSlice octets, gsize at, gsize *ret_hole, const char **ret_why)
{
	gsize hole = 0;

	while (at < octets.len) {
		gsize left = octets.len - at, n;

		if (left < TLV_OCTETS)
			return fail(ret_why, "a TLV is cut off");
		n = load16(octets.data + at + 1);
		if (n > left - TLV_OCTETS)
			return fail(ret_why, "a TLV is longer than what is "
					     "left of the header");
		if (octets.data[at] == TLV_CRC32C) {
			if (n != 4 || hole != 0)
				return fail(ret_why,
					    "the checksum does not have four "
					    "octets, or is given twice");
			hole = at + TLV_OCTETS;
		}
		at += TLV_OCTETS + n;
	}
	*ret_hole = hole;
	return PLI_STEP_READY;
}

static void
format_address(const guint8 *octets, gboolean v6, char *text)
{
	if (!v6) {
		g_snprintf(text, PLI_PROXY_HEADER_ADDRESS, "%u.%u.%u.%u",
			   octets[0], octets[1], octets[2], octets[3]);
		return;
	}
	g_snprintf(text, PLI_PROXY_HEADER_ADDRESS, "%x:%x:%x:%x:%x:%x:%x:%x",
		   load16(octets), load16(octets + 2), load16(octets + 4),
		   load16(octets + 6), load16(octets + 8),
		   load16(octets + 10), load16(octets + 12),
		   load16(octets + 14));
}

static void
read_addresses(const guint8 *octets, gboolean v6, PliProxyHeader *header)
{
	gsize n = v6 ? 16 : 4;

	header->is_proxied = TRUE;
	format_address(octets, v6, header->source);
	format_address(octets + n, v6, header->destination);
	header->source_port = load16(octets + 2 * n);
	header->destination_port = load16(octets + 2 * n + 2);
}

/* All of the header, and nothing else. */
static PliStep
read_binary(PliSlice octets, PliProxyHeader *header, const char **ret_why)
{
	guint command = octets.data[12] & 15;
	guint family = octets.data[13] >> 4;
	guint transport = octets.data[13] & 15;
	gboolean is_known = command == COMMAND_PROXY &&
			    family != FAMILY_UNSPEC &&
			    transport != TRANSPORT_UNSPEC;
	gsize at = FIXED_OCTETS, hole = 0;

	if (is_known) {
		at += address_octets[family];
		if (at > octets.len)
			return fail(ret_why, "the header is too short for its "
					     "addresses");
		if (walk(octets, at, &hole, ret_why) != PLI_STEP_READY)
			return PLI_STEP_FAIL;
	} else if (family == FAMILY_UNSPEC) {
		const char *why;

		/* what is there may be no TLVs, and is to be ignored then */
		if (walk(octets, at, &hole, &why) != PLI_STEP_READY)
			hole = 0;
	}
	if (hole != 0 && !is_sum_right(octets, hole))
		return fail(ret_why, "the checksum is wrong");
	if (is_known && transport == TRANSPORT_STREAM &&
	    (family == FAMILY_INET || family == FAMILY_INET6))
		read_addresses(octets.data + FIXED_OCTETS,
			       family == FAMILY_INET6, header);
	return PLI_STEP_READY;
}

/* The octets that there are of the fixed ones, each as soon as it came. */
static const char *
check_fixed(PliSlice octets)
{
	if (octets.len > 12 && octets.data[12] >> 4 != 2)
		return "the version is not 2";
	if (octets.len > 12 && (octets.data[12] & 15) >= COMMAND_N)
		return "the command is neither LOCAL nor PROXY";
	if (octets.len <= 13 || (octets.data[12] & 15) == COMMAND_LOCAL)
		return NULL; /* LOCAL's family is ignored */
	if (octets.data[13] >> 4 >= FAMILY_N)
		return "the address family is unknown";
	if ((octets.data[13] & 15) >= TRANSPORT_N)
		return "the transport protocol is unknown";
	return NULL;
}

static PliStep
parse_binary(PliSlice octets, PliProxyHeader *header, const char **ret_why)
{
	const char *why = check_fixed(octets);

	if (why != NULL)
		return fail(ret_why, why);
	if (octets.len < FIXED_OCTETS)
		return PLI_STEP_WANT;
	header->length = FIXED_OCTETS + load16(octets.data + 14);
	if (header->length > PLI_PROXY_HEADER_MAX)
		return fail(ret_why, "the header is longer than 16384 octets");
	if (octets.len < header->length)
		return PLI_STEP_WANT;
	return read_binary(pli_slice_new(octets.data, header->length), header,
			   ret_why);
}

PliStep
pli_proxy_header_parse(PliSlice octets, PliProxyHeader *ret_header,
		       const char **ret_why)
{
	static const guint8 signature[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
					   0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
	PliProxyHeader header = {0};
	PliStep step;

	if (octets.len == 0)
		return PLI_STEP_WANT;
	if (begins_as(octets, pli_slice_new(signature, sizeof(signature))))
		step = parse_binary(octets, &header, ret_why);
	else if (begins_as(octets, PLI_SLICE_LITERAL("PROXY ")))
		step = parse_line(octets, &header, ret_why);
	else
		return fail(ret_why, "the octets are no PROXY header");
	if (step == PLI_STEP_READY)
		*ret_header = header;
	return step;
}
