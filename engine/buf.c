/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/buf.h"

#include <stdarg.h>

#define FIRST_ALLOCATION 64

void
pli_buf_init(PliBuf *buf, gsize ceiling)
{
	*buf = (PliBuf){.ceiling = ceiling};
}

void
pli_buf_clear(PliBuf *buf)
{
	g_free(buf->data);
	*buf = (PliBuf){.ceiling = buf->ceiling};
}

guint8 *
pli_buf_reserve(PliBuf *buf, gsize len)
{
	gsize wanted, size;

	if (len > buf->ceiling - buf->len)
		return NULL;
	wanted = buf->len + len;
	if (wanted <= buf->allocated && buf->data != NULL)
		return buf->data + buf->len;
	size = MAX(buf->allocated, FIRST_ALLOCATION);
	while (size < wanted)
		size = size > G_MAXSIZE / 2 ? wanted : size * 2;
	buf->data = g_realloc(buf->data, size);
	buf->allocated = size;
	return buf->data + buf->len;
}

void
pli_buf_add_length(PliBuf *buf, gsize len)
{
	g_assert(len <= buf->allocated - buf->len);
	buf->len += len;
}

gboolean
pli_buf_append_printf(PliBuf *buf, const char *format, ...)
{
	va_list args;
	g_autofree char *text = NULL;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	return pli_buf_append_string(buf, text);
}

void
pli_buf_remove_head(PliBuf *buf, gsize len)
{
	g_assert(len <= buf->len);
	if (len == 0)
		return;
	memmove(buf->data, buf->data + len, buf->len - len);
	buf->len -= len;
}

char *
pli_buf_steal_string(PliBuf *buf)
{
	char *s = g_realloc(buf->data, buf->len + 1);

	s[buf->len] = '\0';
	*buf = (PliBuf){.ceiling = buf->ceiling};
	return s;
}
