/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/proxy-header.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

/* Every beginning wants more, and what follows is not looked at. */
static void
assert_header(PliSlice octets, PliProxyHeader *ret_header)
{
	g_autofree guint8 *longer = g_malloc0(octets.len + 100);
	const char *why = NULL;

	for (gsize n = 0; n < octets.len; n++) {
		g_autofree guint8 *copy = g_memdup2(octets.data, MAX(n, 1));

		g_assert_cmpint(
			pli_proxy_header_parse(pli_slice_new(copy, n),
					       ret_header, &why),
			==, PLI_STEP_WANT);
	}
	memcpy(longer, octets.data, octets.len);
	g_assert_cmpint(
		pli_proxy_header_parse(
			pli_slice_new(longer, octets.len + 100), ret_header,
			&why),
		==, PLI_STEP_READY);
	g_assert_cmpuint(ret_header->length, ==, octets.len);
	g_assert_cmpint(pli_proxy_header_parse(octets, ret_header, &why), ==,
			PLI_STEP_READY);
	g_assert_cmpuint(ret_header->length, ==, octets.len);
}

static void
assert_fails(PliSlice octets, const char *wanted)
{
	PliProxyHeader header;
	const char *why = NULL;
	PliStep step = pli_proxy_header_parse(octets, &header, &why);

	g_assert_cmpint(step, ==, PLI_STEP_FAIL);
	g_assert_cmpstr(why, ==, wanted);
}

static void
assert_line(const char *line, const char *source, guint source_port,
	    const char *destination, guint destination_port)
{
	PliProxyHeader header;

	assert_header(pli_slice_from_string(line), &header);
	g_assert_cmpint(header.is_proxied, ==, *source != '\0');
	g_assert_cmpstr(header.source, ==, source);
	g_assert_cmpstr(header.destination, ==, destination);
	g_assert_cmpuint(header.source_port, ==, source_port);
	g_assert_cmpuint(header.destination_port, ==, destination_port);
}

static void
test_line(void)
{
	/* 2.1's example and its longest lines */
	assert_line("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n",
		    "192.168.0.1", 56324, "192.168.0.11", 443);
	assert_line("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535"
		    "\r\n",
		    "255.255.255.255", 65535, "255.255.255.255", 65535);
	assert_line("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535,
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535);
	assert_line("PROXY TCP6 2001:DB8::1 :: 1 0\r\n", "2001:DB8::1", 1, "::",
		    0);
	assert_line("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n",
		    "::ffff:192.0.2.1", 1, "::1", 2);
	assert_line("PROXY UNKNOWN\r\n", "", 0, "", 0);
	assert_line("PROXY UNKNOWN \x01\xff any\r\n", "", 0, "", 0);
	assert_line("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
		    "", 0, "", 0);
}

static void
test_line_faults(void)
{
	static const char words[] =
		"the line does not have six words with one space between them";
	static const char protocol[] =
		"the protocol is none of TCP4, TCP6 and UNKNOWN";
	static const char v4[] = "an address is no IPv4 address";
	static const char v6[] = "an address is no IPv6 address";
	static const char port[] = "a port is no number from 0 to 65535";
	static const char crlf[] = "the line does not end in CRLF";
	static const char none[] = "the octets are no PROXY header";
	static const struct {
		const char *line, *why;
	} rows[] = {
		{"E", none},
		{"PRO XY", none},
		{"proxy TCP4", none},
		{"PROXY\r\n", none},
		{" PROXY TCP4", none},
		{"EHLO client.test\r\n", none},
		{"PROXY TCP4 1.2.3.4 1.2.3.5 1 2\n", crlf},
		{"PROXY TCP4 1.2.3.4 1.2.3.5 1 2\r ", crlf},
		{"PROXY TCP4 1.2.3.4 1.2.3.5\r1 2\r\n", crlf},
		{"PROXY UNKNOWN\n", crlf},
		{"PROXY UNKNOWN \n\r\n", crlf},
		{"PROXY \r\n", words},
		{"PROXY TCP4\r\n", words},
		{"PROXY TCP4 1.2.3.4 1.2.3.5 1\r\n", words},
		{"PROXY TCP4 1.2.3.4 1.2.3.5 1 2 \r\n", words},
		{"PROXY TCP4 1.2.3.4 1.2.3.5 1 2 3\r\n", words},
		{"PROXY UNKNOWNS\r\n", words},
		{"PROXY TCP4  1.2.3.4 1.2.3.5 1\r\n", v4},
		{"PROXY  TCP4 1.2.3.4 1.2.3.5 1\r\n", protocol},
		{"PROXY UDP4 1.2.3.4 1.2.3.5 1 2\r\n", protocol},
		{"PROXY tcp4 1.2.3.4 1.2.3.5 1 2\r\n", protocol},
		{"PROXY UNKNOWNS 1.2.3.4 1.2.3.5 1 2\r\n", protocol},
		{"PROXY TCP4 1.2.3 1.2.3.5 1 2\r\n", v4},
		{"PROXY TCP4 1.2.3.4 1.2.3.256 1 2\r\n", v4},
		{"PROXY TCP4 01.2.3.4 1.2.3.5 1 2\r\n", v4},
		{"PROXY TCP4 1.2.3.4 1.2.3.05 1 2\r\n", v4},
		{"PROXY TCP4 ::1 ::1 1 2\r\n", v4},
		{"PROXY TCP6 1.2.3.4 1.2.3.5 1 2\r\n", v6},
		{"PROXY TCP6 ::1 1:2 1 2\r\n", v6},
		{"PROXY TCP6 ::1%lo ::1 1 2\r\n", v6},
		{"PROXY TCP6 ::1 :::1 1 2\r\n", v6},
		{"PROXY TCP4 1.2.3.4 1.2.3.5 01 2\r\n", port},
		{"PROXY TCP4 1.2.3.4 1.2.3.5 1 65536\r\n", port},
		{"PROXY TCP4 1.2.3.4 1.2.3.5 -1 2\r\n", port},
		{"PROXY TCP4 1.2.3.4 1.2.3.5 1 +2\r\n", port},
		{"PROXY TCP4 1.2.3.4\t1.2.3.5 1 2\r\n",
		 "the line has octets that are no printable ASCII"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_fails(pli_slice_from_string(rows[i].line), rows[i].why);
	assert_fails(PLI_SLICE_LITERAL("PROXY TCP4 1.2.3.4\0 1.2.3.5 1 2\r\n"),
		     "the line has octets that are no printable ASCII");
}

/* 107 octets with the CRLF are a line, 108 are none; neither waits. */
static void
test_line_length(void)
{
	g_autoptr(GString) line = g_string_new("PROXY UNKNOWN ");
	PliProxyHeader header;
	const char *why = NULL;

	while (line->len < 105)
		g_string_append_c(line, 'x');
	g_string_append(line, "\r\n");
	assert_header(pli_slice_new(line->str, line->len), &header);
	g_string_insert_c(line, 20, 'x');
	assert_fails(pli_slice_new(line->str, line->len),
		     "the line is longer than 107 octets");
	assert_fails(pli_slice_new(line->str, 107),
		     "the line is longer than 107 octets");
	g_assert_cmpint(pli_proxy_header_parse(pli_slice_new(line->str, 106),
					       &header, &why),
			==, PLI_STEP_WANT);
}

/* The signature, command and family, the length of `rest`, and `rest`. */
static GByteArray *
make(guint8 command, guint8 family, PliSlice rest)
{
	GByteArray *octets = g_byte_array_new();
	guint8 fixed[] = {command, family, (guint8)(rest.len >> 8),
			  (guint8)rest.len};

	g_byte_array_append(octets, (const guint8 *)SIGNATURE, 12);
	g_byte_array_append(octets, fixed, sizeof(fixed));
	if (rest.len > 0)
		g_byte_array_append(octets, rest.data, (guint)rest.len);
	return octets;
}

#define V4 "\xc0\x00\x02\x01\xc6\x33\x64\x02\xdb\xe4\x00\x19"
#define V6                                                                   \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"                        \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\xab\xcd\0\0\0\x02"                     \
	"\x00\x01\xff\xff"

#define BINARY(command, family, rest)                                        \
	make(command, family, PLI_SLICE_LITERAL(rest))

static PliSlice
slice_of(const GByteArray *octets)
{
	return pli_slice_new(octets->data, octets->len);
}

static void
test_binary(void)
{
	g_autoptr(GByteArray) v4 = BINARY(0x21, 0x11, V4);
	g_autoptr(GByteArray) v6 = BINARY(0x21, 0x21, V6);
	/* NOOP, ALPN, an unknown type, an empty one */
	g_autoptr(GByteArray) more =
		BINARY(0x21, 0x11,
		       V4 "\x04\0\x02zz\x01\0\x04smtp\xee\0\x01y\x05\0\0");
	PliProxyHeader header;

	assert_header(slice_of(v4), &header);
	g_assert_true(header.is_proxied);
	g_assert_cmpstr(header.source, ==, "192.0.2.1");
	g_assert_cmpuint(header.source_port, ==, 56292);
	g_assert_cmpstr(header.destination, ==, "198.51.100.2");
	g_assert_cmpuint(header.destination_port, ==, 25);
	assert_header(slice_of(v6), &header);
	g_assert_true(header.is_proxied);
	g_assert_cmpstr(header.source, ==, "2001:db8:0:0:0:0:0:1");
	g_assert_cmpuint(header.source_port, ==, 1);
	g_assert_cmpstr(header.destination, ==, "2001:db8:0:0:0:abcd:0:2");
	g_assert_cmpuint(header.destination_port, ==, 65535);
	assert_header(slice_of(more), &header);
	g_assert_cmpstr(header.source, ==, "192.0.2.1");
}

/* The endpoints of the connection itself are the real ones. */
static void
test_binary_not_proxied(void)
{
	static const struct {
		guint8 command, family;
	} rows[] = {
		{0x20, 0x00}, {0x20, 0x11}, {0x20, 0xff}, {0x21, 0x00},
		{0x21, 0x01}, {0x21, 0x10}, {0x21, 0x12}, {0x21, 0x22},
	};
	g_autofree guint8 *unix_names = g_malloc0(216);
	g_autoptr(GByteArray) stream =
		make(0x21, 0x31, pli_slice_new(unix_names, 216));
	PliProxyHeader header;

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GByteArray) octets =
			make(rows[i].command, rows[i].family,
			     pli_slice_new(V6, rows[i].family == 0x12 ? 12
								      : 36));

		assert_header(slice_of(octets), &header);
		g_assert_false(header.is_proxied);
		g_assert_cmpstr(header.source, ==, "");
	}
	assert_header(slice_of(stream), &header);
	g_assert_false(header.is_proxied);
}

static void
test_binary_faults(void)
{
	static const struct {
		guint8 command, family;
		PliSlice rest;
		const char *why;
	} rows[] = {
		{0x11, 0x11, {(const guint8 *)V4, 12}, "the version is not 2"},
		{0x31, 0x11, {(const guint8 *)V4, 12}, "the version is not 2"},
		{0x22, 0x11, {(const guint8 *)V4, 12},
		 "the command is neither LOCAL nor PROXY"},
		{0x21, 0x41, {(const guint8 *)V4, 12},
		 "the address family is unknown"},
		{0x21, 0x13, {(const guint8 *)V4, 12},
		 "the transport protocol is unknown"},
		{0x21, 0x11, {(const guint8 *)V4, 11},
		 "the header is too short for its addresses"},
		{0x21, 0x21, {(const guint8 *)V6, 12},
		 "the header is too short for its addresses"},
		{0x21, 0x31, {(const guint8 *)V6, 36},
		 "the header is too short for its addresses"},
		{0x21, 0x11, {(const guint8 *)V4 "\x04\0", 14},
		 "a TLV is cut off"},
		{0x21, 0x11, {(const guint8 *)V4 "\x04\0\x02z", 16},
		 "a TLV is longer than what is left of the header"},
		{0x21, 0x11, {(const guint8 *)V4 "\x03\0\x03zzz", 18},
		 "the checksum does not have four octets, or is given twice"},
		{0x21, 0x11,
		 {(const guint8 *)V4 "\x03\0\x04zzzz\x03\0\x04zzzz", 26},
		 "the checksum does not have four octets, or is given twice"},
		{0x21, 0x11, {(const guint8 *)V4 "\x03\0\x04zzzz", 19},
		 "the checksum is wrong"},
		{0x21, 0x00, {(const guint8 *)"\x03\0\x04zzzz", 7},
		 "the checksum is wrong"},
		{0x20, 0x00, {(const guint8 *)"\x03\0\x04zzzz", 7},
		 "the checksum is wrong"},
	};
	guint8 huge[] = SIGNATURE "\x21\x11\x3f\xf1";

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GByteArray) octets = make(
			rows[i].command, rows[i].family, rows[i].rest);

		assert_fails(slice_of(octets), rows[i].why);
	}
	assert_fails(pli_slice_new(huge, 16),
		     "the header is longer than 16384 octets");
	/* one octet that differs is seen when it comes */
	huge[11] = 'x';
	assert_fails(pli_slice_new(huge, 12), "the octets are no PROXY header");
}

/* The polynomial is RFC 9260's: "123456789" gives e3069283. */
static void
test_checksum(void)
{
	guint32 sums[] = {0x56a3a63b, 0};
	g_autoptr(GByteArray) octets = BINARY(
		0x21, 0x11, V4 "\x03\0\x04\0\0\0\0\x02\0\x0bmx.test.org");
	guint8 *at = octets->data + 16 + 12 + 3;
	PliProxyHeader header;
	guint32 crc = ~0u;

	for (guint i = 0; i < octets->len; i++) {
		crc ^= octets->data[i];
		for (guint bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	sums[1] = ~crc;
	g_test_message("checksum %08x", sums[1]);
	g_assert_cmpuint(sums[0], ==, sums[1]);
	for (guint i = 0; i < 4; i++)
		at[i] = (guint8)(sums[0] >> (24 - 8 * i));
	assert_header(slice_of(octets), &header);
	g_assert_cmpstr(header.source, ==, "192.0.2.1");
	for (guint i = 0; i < octets->len; i++) {
		if (i == 16 + 12)
			continue; /* the type: it is no checksum then */
		octets->data[i] ^= 0x40;
		g_assert_cmpint(
			pli_proxy_header_parse(slice_of(octets), &header,
					       &(const char *){NULL}),
			!=, PLI_STEP_READY);
		octets->data[i] ^= 0x40;
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/protocols/proxy-header/line", test_line);
	g_test_add_func("/protocols/proxy-header/line-faults",
			test_line_faults);
	g_test_add_func("/protocols/proxy-header/line-length",
			test_line_length);
	g_test_add_func("/protocols/proxy-header/binary", test_binary);
	g_test_add_func("/protocols/proxy-header/binary-not-proxied",
			test_binary_not_proxied);
	g_test_add_func("/protocols/proxy-header/binary-faults",
			test_binary_faults);
	g_test_add_func("/protocols/proxy-header/checksum", test_checksum);
	return g_test_run();
}
