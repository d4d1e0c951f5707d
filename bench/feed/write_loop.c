/* The floor under any fan-out: a server that does nothing but write() the same frame to every connection.
 *
 * write_loop PORT. It answers handshakes of load.c alone, whose key is always the same, and reads nothing else. On
 * each line of standard input, a number of bytes, it sends one message of that size with its time in it.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char *ANSWER = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static int fds[65536], count;

static void send_all(int size) {
    static char frame[1 << 17];
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int header = size < 126 ? 2 : 4;
    frame[0] = (char)0x81;
    frame[1] = size < 126 ? (char)size : 126;
    if (header == 4) { frame[2] = (char)(size >> 8); frame[3] = (char)size; }
    int used = snprintf(frame + header, sizeof frame - header, "sent_at=%lld ", (long long)t.tv_sec * 1000000000LL + t.tv_nsec);
    memset(frame + header + used, 'x', size - used);
    for (int i = 0; i < count; i++)
        if (write(fds[i], frame, header + size) != header + size) { fprintf(stderr, "a socket was full\n"); exit(1); }
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1, poll = epoll_create1(0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 4096)) { perror("bind"); return 1; }
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    event = (struct epoll_event){.events = EPOLLIN, .data.fd = 0};
    epoll_ctl(poll, EPOLL_CTL_ADD, 0, &event);
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        int ready = epoll_wait(poll, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            char data[4096];
            if (fd == listener) {
                int accepted;
                while ((accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                    event = (struct epoll_event){.events = EPOLLIN, .data.fd = accepted};
                    epoll_ctl(poll, EPOLL_CTL_ADD, accepted, &event);
                }
            } else if (fd == 0) {
                ssize_t got = read(0, data, sizeof data - 1);
                if (got <= 0) return 0;
                data[got] = 0;
                send_all(atoi(data));
            } else if (read(fd, data, sizeof data) > 4) {
                if (write(fd, ANSWER, strlen(ANSWER)) > 0) fds[count++] = fd;
                epoll_ctl(poll, EPOLL_CTL_DEL, fd, NULL);
            }
        }
    }
}
