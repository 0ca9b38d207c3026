import { text } from '../common/text.ts'
import type { Project } from '../common/project.ts'

/** Time-out in seconds: two heartbeats and some slack. A connection that is silent for longer is dead. */
const idleSeconds = 75

/** Renders `deploy/nginx.conf`: a server block for `/etc/nginx/conf.d/` that supports WebSockets and event streams. */
export function renderNginx(project: Project, domain: string): string {
  const id = project.slug.replaceAll('-', '_')
  return `${text`
    # Reverse proxy for ${project.slug}, written by \`focus init\`. On the server:
    #
    #   cp nginx.conf /etc/nginx/conf.d/${project.slug}.conf
    #   certbot certonly --webroot -w /var/www/html -d ${domain}
    #   nginx -t && systemctl reload nginx
    #
    # Where the server has IPv6, add \`listen [::]:80;\` and \`listen [::]:443 ssl http2;\`.

    # No query string and no referrer: they carry tokens and authorization codes.
    log_format ${id}_no_query '$remote_addr - $remote_user [$time_iso8601] "$request_method $uri $server_protocol" '
                       '$status $body_bytes_sent $request_time "$http_user_agent"';

    map $http_upgrade $${id}_connection {
      default upgrade;
      ''      '';
    }

    upstream ${id} {
      server 127.0.0.1:${project.port};
      keepalive 32;
    }

    server {
      listen 80;
      server_name ${domain};
      access_log /var/log/nginx/${project.slug}.access.log ${id}_no_query;

      location /.well-known/acme-challenge/ {
        root /var/www/html;
      }

      location / {
        return 301 https://$host$request_uri;
      }
    }

    server {
      listen 443 ssl http2;
      server_name ${domain};

      ssl_certificate /etc/letsencrypt/live/${domain}/fullchain.pem;
      ssl_certificate_key /etc/letsencrypt/live/${domain}/privkey.pem;
      ssl_protocols TLSv1.2 TLSv1.3;
      ssl_session_cache shared:${id}_tls:10m;
      ssl_session_timeout 1d;
      ssl_session_tickets off;
      add_header Strict-Transport-Security "max-age=31536000" always;
      server_tokens off;

      access_log /var/log/nginx/${project.slug}.access.log ${id}_no_query;
      # An error line quotes the whole request, query included: only what cannot be left unsaid.
      error_log /var/log/nginx/${project.slug}.error.log crit;

      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Real-IP $remote_addr;
      # Set, not appended to: what a client claims about itself must not reach the application.
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $${id}_connection;

      location / {
        proxy_pass http://${id};
      }

      # WebSockets. The server sends a heartbeat every 30 s, so ${idleSeconds} s of silence is a dead connection.
      location /api/ws/ {
        proxy_pass http://${id};
        proxy_read_timeout ${idleSeconds}s;
        proxy_send_timeout ${idleSeconds}s;
        proxy_buffering off;
      }

      # Server-Sent Events: each event goes out as it comes.
      location /api/notifications/stream {
        proxy_pass http://${id};
        proxy_read_timeout ${idleSeconds}s;
        proxy_send_timeout ${idleSeconds}s;
        proxy_buffering off;
        gzip off;
      }
    }
  `}\n`
}
