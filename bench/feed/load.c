/* A crowd of websocket subscribers in one thread: the side of a bench that must never be the slow one.
 *
 * load HOST PORT PATH CONNECTIONS [deflate] [reconnect] [stall=K] [rate=N]
 *
 * In PATH {} stands for the number of the connection. The last K connections read nothing after their handshake. With `reconnect` a lost one comes back after up to a
 * second, with the epoch and seq that it saw last. At most N handshakes are under way at a time. Commands come on
 * standard input, one a line, and each is answered by one line of JSON:
 *   wait COUNT MS   until COUNT messages were received since the last reset, or MS milliseconds have passed
 *   open COUNT MS   until COUNT connections are open
 *   first COUNT MS  until COUNT connections have had their first message
 *   reset           forget what was counted
 *   report          what was counted
 * The end of the input ends the program. Latency is taken from the digits after "sent_at" in a message: nanoseconds
 * of CLOCK_MONOTONIC, which all processes of a machine share. Payloads are skipped, not unmasked, inflated or parsed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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

enum { WAITING, CONNECTING, SHAKING, OPEN, STALLED };
enum { HEAD_BYTES = 192, READ_BYTES = 1 << 20, EVENTS = 512, MOST_LATENCIES = 20 * 1000 * 1000 };

typedef struct {
    int fd, state, is_stalled;
    unsigned char header[14];
    int header_got;
    uint64_t left;         /* payload bytes of the current frame that are still to come */
    uint64_t length;
    char head[HEAD_BYTES]; /* the first bytes of the current frame's payload, or of the handshake's answer */
    int head_got;
    int is_text, is_control, is_compressed;
    char epoch[40];
    long long seq;
    int64_t due;           /* when to connect again */
    uint64_t messages;
    int has_first;
} Connection;

static Connection *all;
static int count, is_deflating, is_reconnecting, stalled_count, rate = 400, under_way, epoll_fd;
static struct sockaddr_in server;
static const char *path, *host;
static char *buffer;
static uint64_t messages, bytes, opened, lost, refused, resumed, states, gaps, closes, firsts;
static int64_t *latencies;
static size_t latency_count;

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void connect_one(Connection *c) {
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) { perror("socket"); exit(1); }
    int one = 1, small = 4096;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (c->is_stalled) setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    c->state = CONNECTING;
    c->header_got = c->head_got = 0;
    c->left = 0;
    under_way++;
    if (connect(c->fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS) { perror("connect"); exit(1); }
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
}

static void lose(Connection *c) {
    if (c->state == CONNECTING || c->state == SHAKING) under_way--;
    if (c->state == OPEN) { opened--; lost++; if (c->has_first) firsts--; }
    c->has_first = 0;
    close(c->fd);
    c->fd = -1;
    c->state = WAITING;
    c->due = is_reconnecting ? now() + (rand() % 1000) * 1000000LL : INT64_MAX;
}

static void shake(Connection *c) {
    char request[768], where[160] = "", asked[256];
    size_t used = 0;
    for (const char *from = path; *from && used < sizeof asked - 12; from++) {
        if (strncmp(from, "{}", 2)) asked[used++] = *from;
        else { used += sprintf(asked + used, "%d", (int)(c - all)); from++; }
    }
    asked[used] = 0;
    if (is_reconnecting && c->epoch[0])
        snprintf(where, sizeof where, "%cepoch=%s&seq=%lld", strchr(path, '?') ? '&' : '?', c->epoch, c->seq);
    int length = snprintf(request, sizeof request,
        "GET %s%s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
        asked, where, host, ntohs(server.sin_port),
        is_deflating ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" : "");
    if (write(c->fd, request, length) != length) { lose(c); return; }
    c->state = SHAKING;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

static void answer_ping(Connection *c) {
    unsigned char pong[6 + 125] = {0x8A, 0x80 | (unsigned char)c->length, 0, 0, 0, 0};
    memcpy(pong + 6, c->head, c->length);
    if (write(c->fd, pong, 6 + c->length) < 0) { /* the next read tells */ }
}

static void take_message(Connection *c) {
    messages++;
    c->messages++;
    if (!c->has_first) { c->has_first = 1; firsts++; }
    if (!c->is_text || c->is_compressed) return;
    int n = c->head_got < HEAD_BYTES - 1 ? c->head_got : HEAD_BYTES - 1;
    c->head[n] = 0;
    char *sent = strstr(c->head, "sent_at");
    if (sent) {
        sent += strcspn(sent, "0123456789");
        int64_t at = strtoll(sent, NULL, 10);
        if (at > 0 && latency_count < MOST_LATENCIES) latencies[latency_count++] = now() - at;
    }
    char *seq = strstr(c->head, "\"seq\":");
    if (!seq) return;
    long long number = strtoll(seq + 6, NULL, 10);
    int is_state = !strncmp(c->head, "{\"type\":\"state\"", 15), is_resumed = !strncmp(c->head, "{\"type\":\"resumed\"", 17);
    if (is_state || is_resumed) {
        if (is_state) states++; else resumed++;
        if (is_resumed && number != c->seq) gaps++;
        char *epoch = strstr(c->head, "\"epoch\":\"");
        if (epoch) { epoch += 9; size_t l = strcspn(epoch, "\""); if (l < sizeof c->epoch) { memcpy(c->epoch, epoch, l); c->epoch[l] = 0; } }
    } else if (c->epoch[0] && number != c->seq + 1) gaps++;
    c->seq = number;
}

static void end_frame(Connection *c) {
    int opcode = c->header[0] & 15;
    if (opcode == 9) answer_ping(c);
    else if (opcode == 8) closes++;
    else if (opcode < 3) take_message(c);
    c->header_got = c->head_got = 0;
}

/* Returns how many of the bytes belong to the frame at hand. */
static size_t take_bytes(Connection *c, const char *data, size_t size) {
    if (c->left > 0) {
        size_t part = size < c->left ? size : c->left;
        int room = HEAD_BYTES - 1 - c->head_got;
        if (room > 0) { int copied = part < (size_t)room ? (int)part : room; memcpy(c->head + c->head_got, data, copied); c->head_got += copied; }
        c->left -= part;
        if (c->left == 0) end_frame(c);
        return part;
    }
    c->header[c->header_got++] = *data;
    int wanted = 2;
    if (c->header_got >= 2) { int l = c->header[1] & 127; wanted = l == 126 ? 4 : l == 127 ? 10 : 2; }
    if (c->header_got < wanted) return 1;
    c->length = c->header[1] & 127;
    if (wanted == 4) c->length = c->header[2] << 8 | c->header[3];
    if (wanted == 10) { c->length = 0; for (int i = 2; i < 10; i++) c->length = c->length << 8 | c->header[i]; }
    c->is_text = (c->header[0] & 15) == 1;
    c->is_compressed = c->header[0] & 0x40;
    c->left = c->length;
    if (c->left == 0) end_frame(c);
    return 1;
}

static void finish_handshake(Connection *c, const char *data, size_t size) {
    static const char END[] = "\r\n\r\n";
    size_t used = 0;
    while (used < size && c->header_got < 4) {
        char byte = data[used++];
        if (c->head_got < HEAD_BYTES - 1) c->head[c->head_got++] = byte;
        c->header_got = byte == END[c->header_got] ? c->header_got + 1 : byte == '\r';
    }
    if (c->header_got < 4) return;
    c->head[c->head_got] = 0;
    int is_fine = !strncmp(c->head, "HTTP/1.1 101", 12);
    c->header_got = c->head_got = 0;
    if (!is_fine) {
        if (refused++ == 0) fprintf(stderr, "refused: %.60s\n", c->head);
        lose(c);
        return;
    }
    under_way--;
    opened++;
    c->state = c->is_stalled ? STALLED : OPEN;
    if (c->is_stalled) { epoll_ctl(epoll_fd, EPOLL_CTL_DEL, c->fd, NULL); return; }
    /* Whatever comes after the head in the same read already belongs to frames. */
    while (used < size && c->state == OPEN) used += take_bytes(c, data + used, size - used);
}

static void receive(Connection *c) {
    ssize_t size = read(c->fd, buffer, c->state == SHAKING ? 4096 : READ_BYTES);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) { lose(c); return; }
    bytes += size;
    if (c->state == SHAKING) { finish_handshake(c, buffer, size); return; }
    for (size_t used = 0; used < (size_t)size && c->state == OPEN;) used += take_bytes(c, buffer + used, size - used);
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double percentile(double share) {
    return latency_count ? latencies[(size_t)((latency_count - 1) * share)] / 1e3 : 0;
}

static void report(void) {
    long long lowest = INT64_MAX, highest = -1;
    uint64_t fewest = UINT64_MAX;
    for (int i = 0; i < count; i++) {
        if (all[i].is_stalled) continue;
        if (all[i].seq < lowest) lowest = all[i].seq;
        if (all[i].seq > highest) highest = all[i].seq;
        if (all[i].messages < fewest) fewest = all[i].messages;
    }
    qsort(latencies, latency_count, sizeof *latencies, compare);
    printf("{\"open\":%lu,\"lost\":%lu,\"refused\":%lu,\"messages\":%lu,\"bytes\":%lu,\"p50_us\":%.1f,\"p99_us\":%.1f,"
           "\"max_us\":%.1f,\"resumed\":%lu,\"states\":%lu,\"gaps\":%lu,\"closes\":%lu,\"lowest_seq\":%lld,"
           "\"highest_seq\":%lld,\"fewest_messages\":%lu,\"latencies\":%zu}\n",
           opened, lost, refused, messages, bytes, percentile(0.5), percentile(0.99), percentile(1), resumed, states,
           gaps, closes, lowest, highest, fewest, latency_count);
}

static void reset(void) {
    messages = bytes = lost = refused = resumed = states = gaps = closes = 0;
    latency_count = 0;
    for (int i = 0; i < count; i++) all[i].messages = 0;
    printf("{}\n");
}

int main(int argc, char **argv) {
    if (argc < 5) { fprintf(stderr, "usage: load HOST PORT PATH CONNECTIONS [deflate] [reconnect] [stall=K] [rate=N]\n"); return 2; }
    host = argv[1]; path = argv[3]; count = atoi(argv[4]);
    for (int i = 5; i < argc; i++) {
        if (!strcmp(argv[i], "deflate")) is_deflating = 1;
        if (!strcmp(argv[i], "reconnect")) is_reconnecting = 1;
        if (!strncmp(argv[i], "stall=", 6)) stalled_count = atoi(argv[i] + 6);
        if (!strncmp(argv[i], "rate=", 5)) rate = atoi(argv[i] + 5);
    }
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    inet_pton(AF_INET, host, &server.sin_addr);
    all = calloc(count, sizeof *all);
    buffer = malloc(READ_BYTES);
    latencies = malloc(sizeof *latencies * MOST_LATENCIES);
    epoll_fd = epoll_create1(0);
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &input);
    for (int i = 0; i < count; i++) all[i] = (Connection){.fd = -1, .state = WAITING, .is_stalled = i >= count - stalled_count, .seq = -1};
    char line[256]; size_t line_got = 0;
    uint64_t wanted = 0, *awaited = &messages;
    int64_t since = 0, until = 0;
    int is_waiting = 0, next = 0;
    for (;;) {
        int64_t t = now();
        for (int tried = 0; tried < count && under_way < rate; tried++) {
            Connection *c = &all[next];
            next = (next + 1) % count;
            if (c->state == WAITING && c->due <= t) connect_one(c);
        }
        if (is_waiting) {
            uint64_t have = *awaited;
            if (have >= wanted || t > until) {
                printf("{\"reached\":%s,\"seconds\":%.6f}\n", have >= wanted ? "true" : "false", (t - since) / 1e9);
                fflush(stdout);
                is_waiting = 0;
            }
        }
        int ready = epoll_wait(epoll_fd, events, EVENTS, is_waiting || under_way || is_reconnecting ? 5 : 200);
        for (int i = 0; i < ready; i++) {
            Connection *c = events[i].data.ptr;
            if (c) {
                if (c->state == CONNECTING) {
                    int error = 0; socklen_t size = sizeof error;
                    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
                    if (error) lose(c); else shake(c);
                } else receive(c);
                continue;
            }
            ssize_t got = read(0, line + line_got, sizeof line - 1 - line_got);
            if (got <= 0) return 0;
            line_got += got; line[line_got] = 0;
            char *end = strchr(line, '\n');
            if (!end) continue;
            *end = 0;
            unsigned long long n, milliseconds;
            char what[16];
            if (sscanf(line, "%15s %llu %llu", what, &n, &milliseconds) == 3) {
                awaited = what[0] == 'w' ? &messages : what[0] == 'o' ? &opened : &firsts;
                is_waiting = 1;
                wanted = n;
                since = now();
                until = since + milliseconds * 1000000LL;
            }
            else if (!strcmp(line, "reset")) reset();
            else if (!strcmp(line, "report")) report();
            else printf("{\"error\":\"no such command\"}\n");
            fflush(stdout);
            line_got = 0;
        }
    }
}
