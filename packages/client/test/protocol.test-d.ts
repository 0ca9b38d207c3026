import { expectTypeOf, test } from 'vitest'
import type { ClientAction } from '../../core/src/realtime/protocol/actions.ts'
import type { MessageType, ServerMessage as Sent } from '../../core/src/realtime/protocol/messages.ts'
import type { ClientMessage, ServerMessage } from '../src/protocol.ts'

/** As JSON leaves it: what is `undefined` is not there. */
type Defined<Value> = Value extends object ? { [Key in keyof Value]: Exclude<Value[Key], undefined> } : Value
type Travelled<Message> = { [Key in keyof Message]: Defined<Exclude<Message[Key], undefined>> }

type Of<Union, Type> = Extract<Union, { type: Type }>
type Named<Union, Action> = Extract<Union, { action: Action }>

/** Every key of every member of a union. */
type KeysOf<Union> = Union extends unknown ? keyof Union : never

test('the client knows every message of the server, and the server sends every message that the client knows', () => {
  expectTypeOf<ServerMessage['type']>().toEqualTypeOf<MessageType>()
})

test('what the server sends is what the client reads', () => {
  expectTypeOf<Travelled<Sent>>().toExtend<ServerMessage>()
})

test('the client names every field that the server sends, and no other', () => {
  expectTypeOf<{ [Type in MessageType]: KeysOf<Of<ServerMessage, Type>> }>().toEqualTypeOf<{
    [Type in MessageType]: KeysOf<Of<Sent, Type>>
  }>()
})

test('what the client sends is what the server accepts', () => {
  expectTypeOf<ClientMessage>().toExtend<ClientAction>()
  expectTypeOf<ClientMessage['action']>().toEqualTypeOf<ClientAction['action']>()
  expectTypeOf<{ [Action in ClientAction['action']]: KeysOf<Named<ClientMessage, Action>> }>().toExtend<{
    [Action in ClientAction['action']]: KeysOf<Named<ClientAction, Action>>
  }>()
})
