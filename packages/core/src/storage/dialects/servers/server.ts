/** The product, where MySQL and MariaDB differ. */
export type Flavour = 'sqlite' | 'mysql' | 'mariadb' | 'postgres'

/** The product and the abilities of a server. */
export interface Server {
  readonly flavour: Flavour
  /** Whether a locking read can leave out rows that another transaction has locked. */
  readonly skipLocked: boolean
}
