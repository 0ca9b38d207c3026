/** The product, where MySQL and MariaDB differ. */
export type Flavour = 'sqlite' | 'mysql' | 'mariadb'

/** What a database says about itself. */
export interface Server {
  readonly flavour: Flavour
  /** Whether a locking read can leave out rows that another transaction has locked. */
  readonly skipLocked: boolean
}
