/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A socket between two processes of the server: whole messages in order, each
 * a type, a GVariant and at most one descriptor.
 *
 * What comes is checked for its form only: whoever reads a message asks for the
 * type of its body before taking it apart, since a process that was taken over
 * may send anything. What is sent waits in memory while the other side is slow;
 * the sender bounds it by pli_channel_get_n_waiting(). Octets that went through
 * are wiped on both sides. Loop only.
 */
#ifndef PLI_DAEMON_CHANNEL_H
#define PLI_DAEMON_CHANNEL_H

#include <event2/event.h>
#include <glib.h>

#define PLI_CHANNEL_OCTETS_MAX (48 * 1024) /* of one message */

typedef struct PliChannel PliChannel;

typedef struct {
	/* `fd` is -1 or a descriptor, which is closed after the call unless it
	 * is taken: *fd set to -1. `body` is valid for the call. */
	void (*message)(gpointer data, guint32 type, GVariant *body, int *fd);
	/* The other side has gone; nothing else comes. */
	void (*closed)(gpointer data);
} PliChannelHandler;

/* Two ends, both close-on-exec. */
gboolean
pli_channel_pair(int ret_fds[2], GError **error);

/* Takes over `fd`; `handler` and `data` are borrowed. It may be freed in a
 * call of the handler's. */
PliChannel *
pli_channel_new(struct event_base *base, int fd,
		const PliChannelHandler *handler, gpointer data);

void
pli_channel_free(PliChannel *channel);

/* `body` (NULL: none) is taken if it floats, and at most
 * PLI_CHANNEL_OCTETS_MAX - 64 octets; `fd` (-1: none) is closed once it is on
 * its way. To one that has gone, nothing is sent. */
void
pli_channel_send(PliChannel *channel, guint32 type, GVariant *body, int fd);

guint
pli_channel_get_n_waiting(const PliChannel *channel);

/* Until what waits is on its way, the other side has gone, or the time is
 * over. */
void
pli_channel_flush(PliChannel *channel, gint64 until_us);

#endif
