/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/post.h"

#include <sys/eventfd.h>
#include <unistd.h>

#define RETRY_US 1000

typedef struct {
	PliPostFunc func;
	gpointer data;
} Letter;

struct PliPost {
	GMutex lock;
	GArray *letters; /* Letter */
	int fd;
	struct event *readable;
};

static void
call_all(PliPost *post)
{
	g_autoptr(GArray) letters = NULL;
	guint i;

	g_mutex_lock(&post->lock);
	letters = post->letters;
	post->letters = g_array_new(FALSE, FALSE, sizeof(Letter));
	g_mutex_unlock(&post->lock);
	for (i = 0; i < letters->len; i++) {
		Letter *letter = &g_array_index(letters, Letter, i);

		letter->func(letter->data);
	}
}

static void
on_readable(evutil_socket_t fd, short what, gpointer data)
{
	guint64 count;

	if (read(fd, &count, sizeof count) > 0)
		call_all(data);
}

PliPost *
pli_post_new(struct event_base *base)
{
	PliPost *post;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return NULL;
	post = g_new0(PliPost, 1);
	g_mutex_init(&post->lock);
	post->letters = g_array_new(FALSE, FALSE, sizeof(Letter));
	post->fd = fd;
	post->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable,
	                           post);
	event_add(post->readable, NULL);
	return post;
}

void
pli_post_free(PliPost *post)
{
	if (post == NULL)
		return;
	while (post->letters->len > 0)
		call_all(post);
	event_free(post->readable);
	close(post->fd);
	g_array_unref(post->letters);
	g_mutex_clear(&post->lock);
	g_free(post);
}

void
pli_post_flush(PliPost *post)
{
	call_all(post);
}

void
pli_post_send(PliPost *post, PliPostFunc func, gpointer data)
{
	Letter letter = {func, data};
	guint64 one = 1;
	gboolean first;

	g_mutex_lock(&post->lock);
	first = post->letters->len == 0;
	g_array_append_val(post->letters, letter);
	g_mutex_unlock(&post->lock);
	/* Cannot fill: the counter is read before the letters are taken. A
	 * loop that is not woken would hold its answers back for ever. */
	while (first && write(post->fd, &one, sizeof one) < 0)
		g_usleep(RETRY_US);
}
