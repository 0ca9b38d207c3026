/** The server, where MySQL and MariaDB differ. */
export type Flavour = 'sqlite' | 'mysql' | 'mariadb'
