/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static gboolean
send_text(const char *path, const char *text)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	gsize len = strlen(path);
	gssize n;
	int fd;

	if (len >= sizeof(address.sun_path))
		return FALSE;
	memcpy(address.sun_path, path, len);
	if (*path == '@')
		address.sun_path[0] = '\0'; /* an abstract name */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return FALSE;
	/* a manager that does not listen must not hold up the mail */
	n = sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
		   (struct sockaddr *)&address,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
	return n >= 0;
}

gboolean
pli_notify_send(PliNotifyState state)
{
	const char *path = g_getenv("NOTIFY_SOCKET");
	g_autofree char *text = NULL;

	if (path == NULL || (*path != '/' && *path != '@'))
		return FALSE;
	switch (state) {
	case PLI_NOTIFY_READY: text = g_strdup("READY=1\n"); break;
	case PLI_NOTIFY_STOPPING: text = g_strdup("STOPPING=1\n"); break;
	case PLI_NOTIFY_RELOADING:
		text = g_strdup_printf(
			"RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT "\n",
			g_get_monotonic_time());
		break;
	}
	return send_text(path, text);
}
