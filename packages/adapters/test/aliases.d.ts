// The older majors, installed under other names; the part that the tests use has the same types.
declare module 'express4' {
  export { default } from 'express'
}
declare module 'koa2' {
  export { default } from 'koa'
}
