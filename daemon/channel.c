/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_TYPE "(umv)"
#define SOCKET_OCTETS (1024 * 1024)
#define TURN_MESSAGES 64

typedef struct {
	guint8 *octets;
	gsize len;
	int fd;
} Packet;

struct PliChannel {
	int fd;
	const PliChannelHandler *handler;
	gpointer data;
	struct event *readable, *writable;
	GQueue packets; /* that wait; Packet */
	gboolean gone;
	gboolean in_call; /* of the handler's */
	gboolean freed;	  /* in that call */
};

typedef union {
	struct cmsghdr header;
	char octets[CMSG_SPACE(sizeof(int))];
} Control;

gboolean
pli_channel_pair(int ret_fds[2], GError **error)
{
	const int size = SOCKET_OCTETS;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0, ret_fds) < 0) {
		g_set_error(error, G_FILE_ERROR,
			    g_file_error_from_errno(errno),
			    "cannot make a pair of sockets: %s",
			    g_strerror(errno));
		return FALSE;
	}
	/* the system's ceiling holds where it is lower */
	for (guint i = 0; i < 2; i++)
		setsockopt(ret_fds[i], SOL_SOCKET, SO_SNDBUF, &size,
			   sizeof(size));
	return TRUE;
}

static void
packet_free(gpointer data)
{
	Packet *packet = data;

	explicit_bzero(packet->octets, packet->len);
	g_free(packet->octets);
	if (packet->fd >= 0)
		close(packet->fd);
	g_free(packet);
}

/* The first descriptor of a message, those behind it closed; -1: none. */
static int
take_fd(struct msghdr *message)
{
	int fd = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL;
	     c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	}
	return fd;
}

static void
say_gone(PliChannel *channel)
{
	if (channel->gone)
		return;
	channel->gone = TRUE;
	event_del(channel->readable);
	event_del(channel->writable);
	g_queue_clear_full(&channel->packets, packet_free);
	channel->handler->closed(channel->data);
}

static void
hand_on(PliChannel *channel, const guint8 *octets, gsize len, int fd)
{
	g_autoptr(GVariant) message = g_variant_ref_sink(
		g_variant_new_from_data(G_VARIANT_TYPE(MESSAGE_TYPE), octets,
					len, FALSE, NULL, NULL));
	g_autoptr(GVariant) body = NULL;
	guint32 type;

	if (g_variant_is_normal_form(message)) {
		g_variant_get(message, MESSAGE_TYPE, &type, &body);
		channel->handler->message(channel->data, type, body, &fd);
	}
	if (fd >= 0)
		close(fd);
}

/* TRUE: one came, and there may be more. */
static gboolean
receive(PliChannel *channel)
{
	guint64 aligned[PLI_CHANNEL_OCTETS_MAX / sizeof(guint64)];
	struct iovec octets = {aligned, sizeof(aligned)};
	Control control;
	struct msghdr header = {
		.msg_iov = &octets,
		.msg_iovlen = 1,
		.msg_control = control.octets,
		.msg_controllen = sizeof(control.octets),
	};
	gssize n = recvmsg(channel->fd, &header, MSG_CMSG_CLOEXEC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return FALSE;
	if (n <= 0) {
		say_gone(channel);
		return FALSE;
	}
	hand_on(channel, (guint8 *)aligned, n, take_fd(&header));
	explicit_bzero(aligned, n);
	return TRUE;
}

static void
on_readable(evutil_socket_t fd, short what, gpointer data)
{
	PliChannel *channel = data;

	channel->in_call = TRUE;
	for (guint i = 0; i < TURN_MESSAGES; i++)
		if (!receive(channel) || channel->freed)
			break;
	channel->in_call = FALSE;
	if (channel->freed)
		pli_channel_free(channel);
}

/* FALSE: it does not take it now. */
static gboolean
send_packet(PliChannel *channel, const Packet *packet)
{
	struct iovec octets = {packet->octets, packet->len};
	Control control = {0};
	struct msghdr header = {.msg_iov = &octets, .msg_iovlen = 1};

	if (packet->fd >= 0) {
		header.msg_control = control.octets;
		header.msg_controllen = sizeof(control.octets);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &packet->fd, sizeof(int));
	}
	/* of one that has gone the reader hears */
	return sendmsg(channel->fd, &header, MSG_NOSIGNAL) >= 0 ||
	       (errno != EAGAIN && errno != ENOBUFS && errno != EINTR &&
		errno != ETOOMANYREFS);
}

static void
send_all(PliChannel *channel)
{
	Packet *packet;

	while ((packet = g_queue_peek_head(&channel->packets)) != NULL) {
		if (!send_packet(channel, packet)) {
			event_add(channel->writable, NULL);
			return;
		}
		packet_free(g_queue_pop_head(&channel->packets));
	}
	event_del(channel->writable);
}

static void
on_writable(evutil_socket_t fd, short what, gpointer data)
{
	send_all(data);
}

PliChannel *
pli_channel_new(struct event_base *base, int fd,
		const PliChannelHandler *handler, gpointer data)
{
	PliChannel *channel = g_new0(PliChannel, 1);

	channel->fd = fd;
	channel->handler = handler;
	channel->data = data;
	g_queue_init(&channel->packets);
	channel->readable = event_new(base, fd, EV_READ | EV_PERSIST,
				      on_readable, channel);
	channel->writable = event_new(base, fd, EV_WRITE | EV_PERSIST,
				      on_writable, channel);
	event_add(channel->readable, NULL);
	return channel;
}

void
pli_channel_free(PliChannel *channel)
{
	if (channel == NULL)
		return;
	channel->gone = channel->freed = TRUE;
	event_del(channel->readable);
	event_del(channel->writable);
	if (channel->in_call)
		return;
	event_free(channel->readable);
	event_free(channel->writable);
	g_queue_clear_full(&channel->packets, packet_free);
	close(channel->fd);
	g_free(channel);
}

void
pli_channel_send(PliChannel *channel, guint32 type, GVariant *body, int fd)
{
	g_autoptr(GVariant) message = g_variant_ref_sink(
		g_variant_new(MESSAGE_TYPE, type, body));
	Packet *packet = g_new0(Packet, 1);

	packet->len = g_variant_get_size(message);
	packet->octets = g_malloc(packet->len);
	packet->fd = fd;
	g_assert(packet->len <= PLI_CHANNEL_OCTETS_MAX);
	g_variant_store(message, packet->octets);
	if (channel->gone) {
		packet_free(packet);
		return;
	}
	g_queue_push_tail(&channel->packets, packet);
	if (channel->packets.length == 1)
		send_all(channel);
}

guint
pli_channel_get_n_waiting(const PliChannel *channel)
{
	return channel->packets.length;
}

void
pli_channel_flush(PliChannel *channel, gint64 until_us)
{
	while (channel->packets.length > 0) {
		gint64 left = until_us - g_get_monotonic_time();
		struct pollfd wait = {channel->fd, POLLOUT, 0};

		if (left <= 0 ||
		    poll(&wait, 1, (int)(left / 1000) + 1) < 0 ||
		    wait.revents & (POLLERR | POLLHUP))
			return;
		send_all(channel);
	}
}
